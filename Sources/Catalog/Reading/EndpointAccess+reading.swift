import Domain
import Yams

extension EndpointAccess {
    /// The fields of a key's source. A model with one of them takes none of the others from the top of the file.
    static let keyFields = ["key_variable", "key_file", "key_command", "aws_sigv4"]

    /// The fields of what a server asks of requests.
    static let rules = [
        FieldRule("key_variable", "`key_variable: OPENAI_API_KEY`, the name of the environment variable with the key"),
        FieldRule("key_file", "`key_file: /run/secrets/key`, the whole path of a file with the key"),
        FieldRule("key_command", "`key_command: [gcloud, auth, print-access-token]`, a command that prints the key"),
        FieldRule(
            "key_header", "`key_header: api-key`, the header field of the key, where it is not the dialect's own"),
        FieldRule("headers", "`headers: {x-team: research, x-token: \"${TOKEN}\"}`, further header fields"),
        FieldRule("aws_sigv4", "`aws_sigv4: {region: eu-central-1, service: bedrock}`, the signature of requests"),
    ]

    private static let signingRules = [
        FieldRule("region", "`region: eu-central-1`"), FieldRule("service", "`service: bedrock`"),
    ]

    /// Nil, with problems, where a field is wrong.
    init?(reading table: YAMLTable, log: inout ProblemLog) {
        let variable = table.scalar("key_variable", log: &log)
        var isRight = variable?.isVariableName(log: &log) ?? true
        let file = table.scalar("key_file", log: &log)
        if let file, !file.text.hasPrefix("/") {
            log.error(
                file.line, "`key_file` is no whole path", "write it from the root on: `key_file: /run/secrets/key`")
            isRight = false
        }
        let words = table.list("key_command", log: &log)
        if table.has("key_command"), words.isEmpty || words.contains(where: { $0.text.isEmpty }) {
            log.error(
                table.line(of: "key_command"), "`key_command` is no command",
                "write the program and each argument: `key_command: [gcloud, auth, print-access-token]`")
            isRight = false
        }
        var sources = [variable.map { KeySource.variable($0.text) }, file.map { KeySource.file($0.text) }]
        sources.append(words.isEmpty ? nil : .command(words.map(\.text)))
        let given = sources.compactMap(\.self)
        if given.count > 1 {
            log.error(
                table.line, "the key has more than one source", "keep one of key_variable, key_file and key_command")
            isRight = false
        }
        let header = table.scalar("key_header", log: &log)
        if let header, (try? EndpointHeader(name: header.text, value: "")) == nil {
            log.error(
                header.line, "`key_header` is no header field for a key", "write a name like `key_header: api-key`")
            isRight = false
        }
        guard let headers = Self.headers(table, log: &log) else { return nil }
        let signing = table.table("aws_sigv4", rules: Self.signingRules, log: &log)
        let region = signing?.required("region", log: &log)?.word(log: &log)
        let service = signing?.required("service", log: &log)?.word(log: &log)
        if table.has("aws_sigv4"), region == nil || service == nil { isRight = false }
        if case .variable = given.first, signing != nil {
            log.error(
                table.line(of: "aws_sigv4"), "a signature needs two keys, which one variable does not hold",
                "leave key_variable out: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are taken, or a key_command's")
            isRight = false
        }
        guard isRight else { return nil }
        self.init(key: given.first, keyHeader: header?.text, headers: headers)
        if let region, let service { self.signing = RequestSigning(region: region, service: service) }
    }

    private static func headers(_ table: YAMLTable, log: inout ProblemLog) -> [EndpointHeader]? {
        guard let node = table.node("headers") else { return [] }
        guard let mapping = node.mapping else {
            log.error(
                table.line(of: "headers"), "`headers` is not a block of fields", "write `headers: {x-team: research}`")
            return nil
        }
        var headers: [EndpointHeader] = []
        var isRight = true
        for (key, value) in mapping {
            let line = key.mark?.line ?? table.line(of: "headers")
            let name = key.scalar?.string ?? ""
            do throws(TemplateFault) {
                headers.append(try EndpointHeader(name: name, value: value.scalar?.string ?? ""))
            } catch {
                // The value is not repeated: it may be a secret.
                log.error(line, "`headers.\(name)` \(error)", "write text, ${NAME} or ${file:/path}")
                isRight = false
            }
        }
        return isRight ? headers : nil
    }
}

extension YAMLScalar {
    /// A word of letters, digits and hyphens, as names of regions and services are.
    fileprivate func word(log: inout ProblemLog) -> String? {
        if (1...60).contains(text.count), text.utf8.allSatisfy({ $0.isLetterOrDigit || $0 == UInt8(ascii: "-") }) {
            return text
        }
        log.error(line, "`\(path)` is no name of a region or service", "write a name like eu-central-1 or bedrock")
        return nil
    }

    /// Whether the text is a variable's name. Messages do not repeat it, since it may be the key itself.
    fileprivate func isVariableName(log: inout ProblemLog) -> Bool {
        let isAllowed = { (byte: UInt8) in
            byte.isLetterOrDigit && byte & 0x20 == 0 || byte == UInt8(ascii: "_") || (48...57).contains(byte)
        }
        if text.utf8.allSatisfy(isAllowed), text.utf8.first.map({ !(48...57).contains($0) }) == true { return true }
        log.error(
            line, "`\(path)` is not the name of an environment variable",
            "write a name like `\(name): OPENAI_API_KEY`, in capitals, and never the key itself")
        return false
    }
}
