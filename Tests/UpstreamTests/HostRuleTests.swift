import ScriptedUpstream
import TestSupport
import Testing

@testable import Upstream

@Suite("Addresses that may be connected to")
struct HostRuleTests {
    private static func refusal(_ host: String, _ rule: HostRule = HostRule(), client: Bool) -> String? {
        IPAddress(host: host).flatMap { rule.refusal(of: $0, host: host, isFromClient: client) }
    }

    @Test(
        "metadata and link-local addresses are refused in every form, whoever gave the URL",
        arguments: [
            "169.254.169.254", "169.254.1.1", "0xA9FEA9FE", "2852039166", "169.254.43518", "0251.0376.0251.0376",
            "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "::169.254.169.254", "64:ff9b::169.254.169.254",
            "64:ff9b:1::169.254.169.254", "2002:a9fe:a9fe::1", "fe80::1", "fe80::1%eth0", "fd00:ec2::254",
            "100.100.100.200", "168.63.129.16",
        ])
    func never(_ host: String) {
        #expect(Self.refusal(host, client: false) != nil)
        #expect(Self.refusal(host, client: true) != nil)
    }

    @Test(
        "this machine and private networks are the operator's to name, and not a client's",
        arguments: [
            "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0.0.0.0", "0", "10.1.2.3", "172.16.0.1",
            "172.31.255.255", "192.168.1.1", "100.64.0.1", "::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1", "2002:7f00:1::", "fc00::1", "fd12:3456::1", "224.0.0.1", "255.255.255.255",
        ])
    func private_(_ host: String) {
        #expect(Self.refusal(host, client: false) == nil)
        #expect(Self.refusal(host, client: true) != nil)
    }

    @Test(
        "public addresses and names are refused to no one here",
        arguments: [
            "8.8.8.8", "172.15.0.1", "172.32.0.1", "169.253.0.1", "2606:4700::1111", "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "api.example.com", "localhost",
        ])
    func public_(_ host: String) {
        #expect(Self.refusal(host, client: true) == nil)
    }

    @Test("listed addresses, ranges and names are allowed")
    func listed() throws {
        let rule = try HostRule(allowed: ["10.1.0.0/16", "169.254.169.254", "Tools.test", "*.corp.test", "fd00::/8"])
        #expect(Self.refusal("10.1.2.3", rule, client: true) == nil)
        #expect(Self.refusal("::ffff:10.1.2.3", rule, client: true) == nil)
        #expect(Self.refusal("10.2.0.1", rule, client: true) != nil)
        #expect(Self.refusal("169.254.169.254", rule, client: false) == nil)
        #expect(Self.refusal("169.254.169.253", rule, client: false) != nil)
        #expect(Self.refusal("fd00::1", rule, client: true) == nil)
        let address = try #require(IPAddress(host: "192.168.0.1"))
        for host in ["tools.test", "tools.test.", "a.corp.test", "a.b.corp.test"] {
            #expect(rule.refusal(of: address, host: host, isFromClient: true) == nil)
        }
        for host in ["corp.test", "evilcorp.test", "tools.test.evil.test", "x.tools.test"] {
            #expect(rule.refusal(of: address, host: host, isFromClient: true) != nil)
        }
    }

    @Test("another rule holds for the requests that follow")
    func replaced() async throws {
        try await Loopback.with { _ in
            .json("{}")
        } _: { loopback async throws in
            var request = loopback.request()
            request.isFromClient = true
            #expect(await loopback.failure(request) != nil)
            loopback.client.replaceHosts(with: try HostRule(allowed: ["127.0.0.0/8"]))
            #expect(await loopback.failure(request) == nil)
            loopback.client.replaceHosts(with: HostRule())
            #expect(await loopback.failure(request) != nil)
        }
    }

    @Test("names that the public DNS never has are local, and announced ones where the network is trusted")
    func localNames() {
        for host in ["localhost", "nas", "127.0.0.1", "::1", "a.localhost", "db.internal"] {
            #expect(LocalName.holds(host, trustsNetwork: false), "\(host)")
        }
        #expect(LocalName.holds("printer.local", trustsNetwork: true))
        for host in ["printer.local", "example.com", "localhost.example.com", "127.0.0.1.example.com"] {
            #expect(!LocalName.holds(host, trustsNetwork: false), "\(host)")
        }
    }

    @Test(
        "what is no name, address or range is refused",
        arguments: ["10.0.0.0/33", "a b", "", "*.", "http://x", "1.2.3.4/x"])
    func invalid(_ text: String) {
        #expect(throws: HostRuleFault.self) { try HostRule(allowed: [text]) }
    }
}
