import Domain
import JSON
import Testing

@Suite struct CallLabelsTests {
    @Test("the tags of a header are sorted, and each is there once")
    func list() throws {
        var labels = CallLabels()
        try labels.add(list: " project=red ,nightly,, project=red", field: "x-hera-tags")
        #expect(labels.tags == ["nightly", "project=red"])
        #expect(labels.user == nil && !labels.isEmpty)
    }

    @Test("an empty user is none")
    func emptyUser() throws {
        #expect(try CallLabels(user: "").isEmpty)
    }

    @Test(
        "what is too long, has control characters, or stands for all users is refused with its field",
        arguments: ["*", String(repeating: "x", count: 257), "a\nb", "a\u{7f}"])
    func badUsers(_ user: String) throws {
        let error = #expect(throws: FieldError.self) { try CallLabels(user: user) }
        #expect(error?.field == "user")
    }

    @Test("a ninth tag is refused, a repeated one is not")
    func tooMany() throws {
        let eight = (1...8).map { "t\($0)" }
        var labels = try CallLabels(user: nil, tags: eight)
        try labels.add("t8", field: "f")
        let error = #expect(throws: FieldError.self) { try labels.add("t9", field: "x-hera-tags") }
        #expect(error == FieldError("x-hera-tags", "has more than 8 tags: a call has 8 at most"))
        #expect(throws: FieldError.self) { try CallLabels(user: nil, tags: ["a\nb"]) }
        #expect(throws: FieldError.self) { try CallLabels(user: nil, tags: [String(repeating: "x", count: 1025)]) }
    }
}
