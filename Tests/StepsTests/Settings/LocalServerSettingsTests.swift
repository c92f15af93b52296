import Catalog
import JSON
import Steps
import Testing

@Suite("Local servers in the settings")
struct LocalServerSettingsTests {
    private static func settings(_ text: String) throws -> Settings {
        try Settings(json: JSONDocument(Array(text.utf8)).root)
    }

    @Test("named servers come before those at the usual ports, which can be left out")
    func servers() throws {
        let text = #"{"servers":["http://gpu:8000",{"url":"https://box/v1","key_env":"BOX_KEY","name":"box"}]}"#
        let settings = try Self.settings(text)
        #expect(settings.localServers.prefix(2).map(\.baseURL) == ["http://gpu:8000/v1", "https://box/v1"])
        #expect(settings.servers[1].keyVariable == "BOX_KEY" && settings.servers[1].name == "box")
        #expect(Array(settings.localServers.dropFirst(2)) == LocalServer.usual)
        #expect(try Self.settings(#"{"usual_servers":false}"#).localServers.isEmpty)
    }

    @Test(
        "what is no server is refused with its field",
        arguments: [
            (#"{"servers":"http://gpu"}"#, "servers"), (#"{"servers":[5]}"#, "servers[0]"),
            (#"{"servers":[{"name":"a"}]}"#, "servers[0].url"), (#"{"servers":["gpu"]}"#, "servers[0]"),
            (#"{"servers":[{"url":"http://gpu","name":"a b"}]}"#, "servers[0]"),
        ])
    func refusals(text: String, field: String) {
        let error = #expect(throws: FieldError.self) { try Self.settings(text) }
        #expect(error?.description.hasPrefix("\(field):") == true, "\(String(describing: error))")
    }
}
