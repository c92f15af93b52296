import Catalog
import Domain
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
        #expect(settings.servers[1].access.keyVariable == "BOX_KEY" && settings.servers[1].name == "box")
        #expect(Array(settings.localServers.dropFirst(2)) == LocalServer.usual)
        #expect(try Self.settings(#"{"usual_servers":false}"#).localServers.isEmpty)
    }

    @Test("a server's key may be in a file or printed by a command, and header fields may go along")
    func waysIn() throws {
        let text = #"""
            {"servers":[{"url":"http://gpu","key_file":"/run/key","key_header":"api-key"},
             {"url":"http://box","key_command":["vault","read"],"headers":{"x-team":"${TEAM}"}}]}
            """#
        let servers = try Self.settings(text).servers
        #expect(servers[0].access.key == .file("/run/key") && servers[0].access.keyHeader == "api-key")
        #expect(servers[1].access.key == .command(["vault", "read"]))
        #expect(servers[1].access.headers.map(\.value.parts) == [[.variable("TEAM")]])
    }

    @Test(
        "what is no server is refused with its field",
        arguments: [
            (#"{"servers":"http://gpu"}"#, "servers"), (#"{"servers":[5]}"#, "servers[0]"),
            (#"{"servers":[{"name":"a"}]}"#, "servers[0].url"), (#"{"servers":["gpu"]}"#, "servers[0]"),
            (#"{"servers":[{"url":"http://gpu","name":"a b"}]}"#, "servers[0]"),
            (#"{"servers":[{"url":"http://gpu","key_file":"key"}]}"#, "servers[0].key_file"),
            (#"{"servers":[{"url":"http://gpu","key_command":[]}]}"#, "servers[0].key_command"),
            (#"{"servers":[{"url":"http://gpu","key_env":"A","key_file":"/b"}]}"#, "servers[0]"),
            (#"{"servers":[{"url":"http://gpu","headers":{"host":"x"}}]}"#, "servers[0].headers.host"),
            (#"{"servers":[{"url":"http://gpu","headers":{"x":"${a b}"}}]}"#, "servers[0].headers.x"),
        ])
    func refusals(text: String, field: String) {
        let error = #expect(throws: FieldError.self) { try Self.settings(text) }
        #expect(error?.description.hasPrefix("\(field):") == true, "\(String(describing: error))")
    }
}
