import CCurl

/// A libcurl easy handle: options and connection state of one transfer at a time.
final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    private let errorBuffer: UnsafeMutablePointer<CChar>
    private var headerList: UnsafeMutablePointer<curl_slist>?

    /// nil when libcurl cannot allocate memory.
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

    /// libcurl's error message for the last transfer; may be empty.
    var errorDetail: String { String(String(cString: errorBuffer).prefix(200)) }

    /// Resets the handle for reuse; live connections stay with the multi handle.
    func reset() {
        curl_easy_reset(pointer)
        curl_slist_free_all(headerList)
        headerList = nil
        errorBuffer.pointee = 0
    }

    /// Sets all options of a request except its callbacks. Returns the first error code.
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
        // An empty string disables the environment's proxy.
        options.set(CURLOPT_PROXY, configuration.proxyURL(of: origin) ?? "")
        options.set(CURLOPT_NOPROXY, configuration.unproxiedHosts)
        options.set(CURLOPT_TCP_NODELAY, 1)
        options.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        if origin.isSecure { options.set(CURLOPT_PIPEWAIT, 1) }
        // Every encoding that libcurl knows is decoded; none is asked for (see `setHeaders`).
        options.set(CURLOPT_ACCEPT_ENCODING, "")
        options.set(CURLOPT_CONNECTTIMEOUT_MS, max(1, request.timeouts.connect.wholeMilliseconds))
        if request.method == "GET", request.body.isEmpty {
            options.set(CURLOPT_HTTPGET, 1)
        } else {
            options.set(CURLOPT_POST, 1)
            if request.method != "POST" { options.set(CURLOPT_CUSTOMREQUEST, request.method) }
            options.set(hera_easy_set_size(pointer, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count)))
            request.body.withUnsafeBytes { bytes in
                // Not nil even for an empty body: libcurl would otherwise call a read callback.
                options.set(
                    hera_easy_set_bytes(
                        pointer, CURLOPT_COPYPOSTFIELDS, bytes.baseAddress ?? UnsafeRawPointer(errorBuffer)))
            }
        }
        if let signature = request.signature {
            options.set(CURLOPT_AWS_SIGV4, "aws:amz:\(signature.region):\(signature.service)")
            options.set(CURLOPT_USERNAME, signature.accessKey)
            options.set(CURLOPT_PASSWORD, signature.secretKey)
        }
        if !request.isRepeatable { options.set(CURLOPT_FRESH_CONNECT, 1) }
        setHeaders(request)
        options.set(hera_easy_set_list(pointer, CURLOPT_HTTPHEADER, headerList))
        return options.code
    }

    /// Forces a new connection for the next attempt.
    func demandFreshConnection() {
        hera_easy_set_long(pointer, CURLOPT_FRESH_CONNECT, 1)
    }

    private func setHeaders(_ request: UpstreamRequest) {
        // A header name with a colon and no value removes libcurl's own header.
        append("Expect:")
        var names: Set<String> = []
        for (name, value) in request.headers {
            names.insert(name.lowercased())
            append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        // libcurl signs all fields that are set here.
        if let token = request.signature?.sessionToken { append("X-Amz-Security-Token: \(token)") }
        if !names.contains("content-type") { append("Content-Type:") }
        // Compression would delay the events of streams.
        if !names.contains("accept-encoding") { append("Accept-Encoding:") }
        if !names.contains("user-agent") { append("User-Agent: hera") }
    }

    private func append(_ line: String) {
        if let list = curl_slist_append(headerList, line) { headerList = list }
    }
}

/// Sets options in sequence and keeps the first error code.
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

/// Global state of libcurl.
enum Curl {
    /// Initialises libcurl once per process.
    static let isReady: Bool = hera_curl_global_init() == CURLE_OK

    /// libcurl's description of an error code.
    static func text(of code: CURLcode) -> String {
        curl_easy_strerror(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
    }
}

extension UpstreamError {
    /// Maps a libcurl error code to an upstream error.
    init(code: CURLcode, detail: String, host: String, bytesReceived: Int, timeouts: UpstreamTimeouts) {
        let reason = detail.isEmpty ? Curl.text(of: code) : detail
        switch code {
        case CURLE_OPERATION_TIMEDOUT:
            // libcurl enforces the connect timeout only.
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
    /// Whether an established connection broke, so a retry on a fresh connection may succeed. False for refused
    /// connections: an immediate retry is refused again.
    var isBrokenConnection: Bool {
        switch self {
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM: true
        default: false
        }
    }
}
