import ScriptedUpstream
import TestSupport
import Testing

@testable import Upstream

@Suite("Addresses of connections")
struct AddressTests {
    private static func configuration(allow: [String] = []) throws -> UpstreamConfiguration {
        var configuration = UpstreamConfiguration()
        configuration.hosts = try HostRule(allowed: allow)
        return configuration
    }

    /// A request to the server by another spelling of its host.
    private static func request(_ loopback: Loopback, host: String, isFromClient: Bool) -> UpstreamRequest {
        var request = loopback.request()
        request.url = request.url.replacing("127.0.0.1", with: host)
        request.isFromClient = isFromClient
        return request
    }

    @Test("a client's URL does not lead to this machine, under no spelling and by no name")
    func refused() async throws {
        try await Loopback.with(try Self.configuration()) { _ in
            .json("{}")
        } _: { loopback async throws in
            for host in ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0.0.0.0"] {
                let error = await loopback.failure(Self.request(loopback, host: host, isFromClient: true))
                guard case .connect(_, let reason) = error else {
                    Issue.record("\(host): \(error.map { "\($0)" } ?? "no error")")
                    continue
                }
                #expect(reason.contains("this machine's own") && reason.contains("hosts.allow"), "\(reason)")
                #expect(error?.mayHaveBeenBilled == false)
            }
            #expect(loopback.server.record.requests.isEmpty)
            // The operator's do, also over a connection that stays open for a client's.
            #expect(await loopback.failure(Self.request(loopback, host: "localhost", isFromClient: false)) == nil)
            #expect(await loopback.failure(Self.request(loopback, host: "localhost", isFromClient: true)) != nil)
            #expect(loopback.server.record.requests.count == 1)
        }
    }

    @Test("a listed name or address is allowed", arguments: ["localhost", "127.0.0.0/8"])
    func listed(_ entry: String) async throws {
        try await Loopback.with(try Self.configuration(allow: [entry, "::1"])) { _ in
            .json("{}")
        } _: { loopback async throws in
            #expect(await loopback.failure(Self.request(loopback, host: "localhost", isFromClient: true)) == nil)
        }
    }

    @Test("nothing is sent to a cloud's metadata, whoever gave the URL")
    func metadata() async throws {
        try await Loopback.with(try Self.configuration()) { _ in
            .json("{}")
        } _: { loopback async throws in
            for host in ["169.254.169.254", "2852039166", "[::ffff:169.254.169.254]", "[fd00:ec2::254]"] {
                var request = loopback.request()
                request.url = "http://\(host)/latest/meta-data/"
                let error = await loopback.failure(request)
                guard case .connect(_, let reason) = error else {
                    Issue.record("\(host): \(error.map { "\($0)" } ?? "no error")")
                    continue
                }
                #expect(reason.contains("cloud's service"), "\(reason)")
            }
        }
    }

    @Test("a proxy looks names up itself, and hosts beside it are reached directly")
    func proxies() throws {
        let configuration = UpstreamConfiguration(environment: [
            "HTTPS_PROXY": "http://10.0.0.1:3128", "NO_PROXY": "corp.test, .local.test",
        ])
        #expect(configuration.proxyURL(of: try Origin(url: "https://api.test/v1")) == "http://10.0.0.1:3128")
        for url in ["https://corp.test", "https://a.corp.test", "https://x.local.test", "http://api.test"] {
            #expect(configuration.proxyURL(of: try Origin(url: url)) == nil)
        }
    }
}
