import Domain

extension Endpoint {
    /// The fields that may stand at the top of a file for all its models.
    static let rules =
        [
            FieldRule("provider", "`provider: openai`, at the model or at the top of the file"),
            FieldRule("base_url", "`base_url: https://api.openai.com/v1`, at the model or at the top of the file"),
            FieldRule("wire", "`wire: openai` (or anthropic), at the model or at the top of the file"),
        ] + EndpointAccess.rules + [
            FieldRule(
                "batch_api",
                "`batch_api: openai` (or anthropic), where the provider takes whole batches, at the model or at the top"
            ),
            FieldRule("placement", "`placement: cloud` (or edge), at the model or at the top of the file"),
        ]

    init?(reading table: YAMLTable, log: inout ProblemLog) {
        let url = table.required("base_url", log: &log)
        let isURL = url?.isBaseURL(log: &log) ?? false
        let wire: WireFormat? = table.required("wire", log: &log)?.choice(log: &log)
        let name = table.required("upstream_name", log: &log)
        let access = EndpointAccess(reading: table, log: &log)
        let interface = table.scalar("batch_api", log: &log)
        let batches: BatchInterface? = interface?.choice(log: &log)
        if let interface, let batches, let wire, batches.wire != wire {
            log.error(
                interface.line, "`batch_api: \(batches.rawValue)` does not go with `wire: \(wire.rawValue)`",
                "leave it out, unless the provider takes whole batches in the dialect of its calls")
        }
        guard let url, isURL, let wire, let name, let access else { return nil }
        if !access.isOpen, url.text.hasPrefix("http://"), !url.isLoopback {
            log.warning(url.line, "the key would go to `\(url.text)` unencrypted", "write https:// if the server can")
        }
        self.init(
            baseURL: url.text, wire: wire, modelName: name.text, access: access, batches: batches)
    }
}

extension BatchInterface {
    /// The wire format of its rows.
    fileprivate var wire: WireFormat {
        switch self {
        case .openAI: .openAI
        case .anthropic: .anthropic
        }
    }
}

extension YAMLScalar {
    /// The host and port of a URL: the part between scheme and path.
    private var authority: Substring {
        text.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" }
    }

    /// Whether the host is this machine.
    fileprivate var isLoopback: Bool {
        let host = authority.hasPrefix("[") ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
        return host == "localhost" || host.hasPrefix("127.") || host == "[::1]"
    }

    /// Whether the text is a URL with scheme, host, port and path to which a call's path can be appended.
    fileprivate func isBaseURL(log: inout ProblemLog) -> Bool {
        let example = "write it like `https://api.openai.com/v1` or `http://127.0.0.1:8080/v1`"
        func refuse(_ reason: String, _ suggestion: String) -> Bool {
            log.error(line, "`\(path)` \(reason)", suggestion)
            return false
        }
        // Checked first, so that no message repeats a password.
        if authority.contains("@") {
            return refuse("has a user or password in it", "name the key's variable in `key_variable` instead")
        }
        guard text.hasPrefix("https://") || text.hasPrefix("http://") else {
            return refuse("does not begin with http:// or https:// ('\(text)')", example)
        }
        let isAllowed = { (byte: UInt8) in byte.isLetterOrDigit || "-_.:/[]~%".utf8.contains(byte) }
        guard text.utf8.allSatisfy(isAllowed) else {
            return refuse("has a query, a space or another character that does not belong there ('\(text)')", example)
        }
        let port = authority.hasPrefix("[") ? authority.drop { $0 != "]" }.dropFirst() : authority.drop { $0 != ":" }
        guard authority.first?.isLetter == true || authority.first?.isNumber == true || authority.first == "[",
            port.isEmpty || UInt16(port.dropFirst()).map({ $0 > 0 }) == true
        else { return refuse("has no proper host and port ('\(text)')", example) }
        guard !text.hasSuffix("/") else {
            return refuse("ends with a slash ('\(text)')", "write `\(name): \(text.dropLast())`")
        }
        return true
    }
}
