import CCurl

/// The library as a whole.
enum Curl {
    /// Prepares the library, once in the life of the process.
    static let isReady: Bool = hera_curl_global_init() == CURLE_OK

    /// The library's words for a code.
    static func text(of code: CURLcode) -> String {
        curl_easy_strerror(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
    }
}

extension UpstreamError {
    /// What a failed transfer means to the caller.
    init(code: CURLcode, detail: String, host: String, bytesReceived: Int, timeouts: UpstreamTimeouts) {
        let reason = detail.isEmpty ? Curl.text(of: code) : detail
        switch code {
        case CURLE_OPERATION_TIMEDOUT:
            // The connect timeout is the only one that libcurl watches.
            self = .timeout(.connect, after: timeouts.connect, host: host, bytesReceived: bytesReceived)
        case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY:
            self = .connect(host: host, reason: reason)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_USE_SSL_FAILED:
            self = .tls(host: host, reason: reason)
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2, CURLE_HTTP2_STREAM,
            CURLE_ABORTED_BY_CALLBACK:
            self = .reset(host: host, bytesReceived: bytesReceived)
        case CURLE_URL_MALFORMAT:
            self = .invalidRequest(reason: reason)
        default:
            self = .malformed(host: host, reason: reason)
        }
    }
}

extension CURLcode {
    /// Whether the connection broke, so that a second try on a fresh one may do better. Not for refused connections: a
    /// moment later they are refused again.
    var isBrokenConnection: Bool {
        switch self {
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM: true
        default: false
        }
    }
}
