import Dialects
import Domain
import JSON
import Testing

@Suite("Labels in a request's body")
struct CallLabelsTests {
    private func labels(_ body: String, _ header: CallLabels = CallLabels()) throws -> CallLabels {
        try header.adding(try JSONDocument(Array(body.utf8)).root)
    }

    @Test(
        "the user is found in every dialect",
        arguments: [
            (#"{"user":"ann"}"#, "ann"), (#"{"safety_identifier":"ann"}"#, "ann"),
            (#"{"user":"ann","safety_identifier":"bob"}"#, "ann"), (#"{"metadata":{"user_id":"ann"}}"#, "ann"),
            (#"{"metadata":{"user_id":"user_1_account_2_session_3"}}"#, "user_1_account_2"),
            (#"{"metadata":{"user_id":"{\"device_id\":\"d\",\"account_uuid\":\"\",\"session_id\":\"s\"}"}}"#, "d"),
        ])
    func user(_ body: String, _ user: String) throws {
        let found = try labels(body)
        #expect(found.user == user)
        #expect(found.tags.isEmpty)
    }

    @Test("where the operator names the members of metadata that are tags, others are none")
    func namedTags() throws {
        let body = try JSONDocument(Array(#"{"metadata":{"id":"7f3","project":"red","user_id":"ann"}}"#.utf8)).root
        #expect(try CallLabels().adding(body, tagsNamed: ["project", "absent"]).tags == ["project=red"])
        let none = try CallLabels().adding(body, tagsNamed: [])
        #expect(none.tags.isEmpty && none.user == "ann")
        #expect(try CallLabels().adding(body).tags == ["id=7f3", "project=red"])
    }

    @Test("the header's user comes before the body's")
    func header() throws {
        #expect(try labels(#"{"user":"ann"}"#, try CallLabels(user: "bob")).user == "bob")
    }

    @Test("texts in metadata are tags with names, beside those of the header")
    func metadata() throws {
        let body = #"{"metadata":{"project":"red","lines":"a\nb","count":3,"deep":{"a":"b"}},"user":null}"#
        #expect(try labels(body, try CallLabels(user: nil, tags: ["x"])).tags == ["lines=a b", "project=red", "x"])
    }

    @Test("a body without either has none")
    func none() throws {
        #expect(try labels(#"{"model":"hera","messages":[],"metadata":null}"#).isEmpty)
    }

    @Test("of many members of metadata the first are tags, and none is refused")
    func manyMembers() throws {
        let members = (0..<16).map { "\"m\($0)\":\"v\"" }.joined(separator: ",")
        let long = String(repeating: "x", count: 2000)
        let found = try labels("{\"metadata\":{\"long\":\"\(long)\",\(members)}}")
        #expect(found.tags == (0..<8).map { "m\($0)=v" })
    }
}
