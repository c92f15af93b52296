import CCurl

/// A libcurl easy handle: the options and the connection state of one transfer at a time.
final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    private let errorBuffer: UnsafeMutablePointer<CChar>
    private var headerList: UnsafeMutablePointer<curl_slist>?

    /// nil when memory has run out.
    init?() {
        guard Curl.isReady, let pointer = curl_easy_init() else { return nil }
        self.pointer = pointer
        errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_easy_cleanup(pointer)
        curl_slist_free_all(headerList)
        errorBuffer.deallocate()
    }

    /// What went wrong in the last transfer, in the library's words; empty where it says nothing.
    var errorDetail: String { String(String(cString: errorBuffer).prefix(200)) }

    /// Forgets the last transfer; live connections stay with the multi handle.
    func reset() {
        curl_easy_reset(pointer)
        curl_slist_free_all(headerList)
        headerList = nil
        errorBuffer.pointee = 0
    }

    /// Sets everything that a request needs but its callbacks. Returns the first refusal.
    func prepare(_ request: UpstreamRequest, origin: Origin, configuration: UpstreamConfiguration) -> CURLcode {
        var options = OptionSetter(easy: pointer)
        options.set(hera_easy_set_error_buffer(pointer, errorBuffer))
        options.set(CURLOPT_URL, request.url)
        options.set(CURLOPT_PROTOCOLS_STR, "http,https")
        options.set(CURLOPT_NOSIGNAL, 1)
        options.set(CURLOPT_FOLLOWLOCATION, 0)
        options.set(CURLOPT_SSL_VERIFYPEER, 1)
        options.set(CURLOPT_SSL_VERIFYHOST, 2)
        if let file = configuration.certificateAuthorityFile { options.set(CURLOPT_CAINFO, file) }
        // An empty proxy also shuts out the environment's.
        options.set(CURLOPT_PROXY, configuration.proxyURL ?? "")
        options.set(CURLOPT_TCP_NODELAY, 1)
        options.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        if origin.isSecure { options.set(CURLOPT_PIPEWAIT, 1) }
        options.set(CURLOPT_CONNECTTIMEOUT_MS, max(1, request.timeouts.connect.wholeMilliseconds))
        if request.method == "GET", request.body.isEmpty {
            options.set(CURLOPT_HTTPGET, 1)
        } else {
            options.set(CURLOPT_POST, 1)
            if request.method != "POST" { options.set(CURLOPT_CUSTOMREQUEST, request.method) }
            options.set(hera_easy_set_size(pointer, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count)))
            request.body.withUnsafeBytes { bytes in
                // Not nil for an empty body either: libcurl would then ask a read callback.
                options.set(
                    hera_easy_set_bytes(
                        pointer, CURLOPT_COPYPOSTFIELDS, bytes.baseAddress ?? UnsafeRawPointer(errorBuffer)))
            }
        }
        if !request.isRepeatable { options.set(CURLOPT_FRESH_CONNECT, 1) }
        setHeaders(request)
        options.set(hera_easy_set_list(pointer, CURLOPT_HTTPHEADER, headerList))
        return options.code
    }

    /// Makes the next try use a new connection.
    func demandFreshConnection() {
        hera_easy_set_long(pointer, CURLOPT_FRESH_CONNECT, 1)
    }

    private func setHeaders(_ request: UpstreamRequest) {
        // A name with a colon and no value takes a header of the library's own away.
        append("Expect:")
        var names: Set<String> = []
        for (name, value) in request.headers {
            names.insert(name.lowercased())
            append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        if !names.contains("content-type") { append("Content-Type:") }
        if !names.contains("user-agent") { append("User-Agent: hera") }
    }

    private func append(_ line: String) {
        if let list = curl_slist_append(headerList, line) { headerList = list }
    }
}

/// Sets options one after the other and keeps the first refusal.
private struct OptionSetter {
    let easy: UnsafeMutableRawPointer
    private(set) var code = CURLE_OK

    init(easy: UnsafeMutableRawPointer) {
        self.easy = easy
    }

    mutating func set(_ result: CURLcode) {
        if code == CURLE_OK { code = result }
    }

    mutating func set(_ option: CURLoption, _ value: Int) {
        set(hera_easy_set_long(easy, option, value))
    }

    mutating func set(_ option: CURLoption, _ value: String) {
        set(hera_easy_set_string(easy, option, value))
    }
}

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
