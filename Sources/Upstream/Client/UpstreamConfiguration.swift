/// Limits, proxy and trust roots of an upstream client.
package struct UpstreamConfiguration: Sendable {
    /// Concurrent transfers over all hosts.
    package var maximumConcurrent: Int
    /// Concurrent transfers to one host and port.
    package var maximumConcurrentPerHost: Int
    /// Queued calls; further ones fail with ``UpstreamError/overloaded(waiting:)``.
    package var maximumWaiting: Int
    /// Idle connections kept open for reuse.
    package var maximumIdleConnections: Int
    /// Limit of a response's head in bytes, including trailers.
    package var maximumHeadBytes: Int
    /// Buffered body bytes above which a transfer is paused (backpressure).
    package var bufferBytes: Int
    /// Grace period of running transfers after a graceful shutdown begins.
    package var shutdownGrace: Duration
    /// A PEM file of certificate authorities in place of the system's, or nil.
    package var certificateAuthorityFile: String?
    /// `http://host:port` of a proxy; nil connects directly.
    package var proxyURL: String?
    /// The proxy of `https` URLs in place of `proxyURL`; nil for that one.
    package var secureProxyURL: String?
    /// Which addresses may be connected to.
    package var hosts = HostRule()
    /// Hosts that are reached without a proxy, as in `NO_PROXY`: names and domains, separated by commas.
    package var unproxiedHosts = ""

    package init(
        maximumConcurrent: Int = 512, maximumConcurrentPerHost: Int = 256, maximumWaiting: Int = 4096,
        maximumIdleConnections: Int = 64, maximumHeadBytes: Int = 64 << 10, bufferBytes: Int = 256 << 10,
        shutdownGrace: Duration = .seconds(20), certificateAuthorityFile: String? = nil, proxyURL: String? = nil
    ) {
        self.maximumConcurrent = maximumConcurrent
        self.maximumConcurrentPerHost = maximumConcurrentPerHost
        self.maximumWaiting = maximumWaiting
        self.maximumIdleConnections = maximumIdleConnections
        self.maximumHeadBytes = maximumHeadBytes
        self.bufferBytes = bufferBytes
        self.shutdownGrace = shutdownGrace
        self.certificateAuthorityFile = certificateAuthorityFile
        self.proxyURL = proxyURL
    }
}

extension UpstreamConfiguration {
    /// The proxy of an origin, unless its host is among `unproxiedHosts`; nil for none.
    func proxyURL(of origin: Origin) -> String? {
        guard let url = (origin.isSecure ? secureProxyURL : nil) ?? proxyURL else { return nil }
        let host = origin.hostName
        let isDirect = unproxiedHosts.lowercased().split(whereSeparator: { ", ".contains($0) }).contains { entry in
            let name = entry.drop { $0 == "." }
            return entry == "*" || host == name || host.hasSuffix(".\(name)")
        }
        return isDirect ? nil : url
    }

    /// The configuration of an environment: `HTTPS_PROXY`, `NO_PROXY`, and `SSL_CERT_FILE` for certificate authorities of
    /// one's own. `http` URLs, mostly of local servers, take no proxy.
    package init(environment: [String: String]) {
        self.init()
        func value(_ names: [String]) -> String? {
            names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        }
        secureProxyURL = value(["HTTPS_PROXY", "https_proxy"])
        unproxiedHosts = value(["NO_PROXY", "no_proxy"]) ?? ""
        certificateAuthorityFile = value(["SSL_CERT_FILE"])
    }
}

/// Timeouts of one call.
package struct UpstreamTimeouts: Hashable, Sendable {
    /// Name resolution, TCP and TLS.
    package var connect: Duration
    /// From the start of the transfer (after queueing) to the first byte of the response's head.
    package var firstByte: Duration
    /// Between two reads of the body; suspended while the transfer is paused.
    package var idle: Duration
    /// The whole call from `send` on, including queueing and a slow reader.
    package var total: Duration

    package init(
        connect: Duration = .seconds(5), firstByte: Duration = .seconds(120), idle: Duration = .seconds(60),
        total: Duration = .seconds(600)
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.idle = idle
        self.total = total
    }
}

extension Duration {
    /// Rounded up, so a timer never fires early.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        guard seconds < Int64(Int32.max) / 1000 else { return Int(Int32.max) }
        return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }

    /// Seconds as a floating-point number, for metrics.
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
