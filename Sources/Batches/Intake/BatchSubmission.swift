import Domain
package import JSON
import Routing

/// The body of `POST /v1/batches`: OpenAI's, with hera's options in `metadata` or in the member `hera`.
package struct BatchSubmission: Sendable {
    package var inputFileID: String
    package var endpoint: String
    /// As the caller wrote it, for example `24h`.
    package var completionWindow: String
    package var windowSeconds: Double
    /// The caller's metadata, returned unchanged.
    package var metadata: [UInt8]
    package var terms: BatchOptions
    /// Lifetime of the result files in seconds; nil for the service's default.
    package var outputSeconds: Double?

    private static let mostMetadata = 16
    private static let longestWindow = 30.0 * 86_400

    /// Reads `{"input_file_id", "endpoint", "completion_window", "metadata"?, "output_expires_after"?, "hera"?}`.
    ///
    /// - Parameter rule: applies where the caller sets no `if_short`.
    package init(json: JSONValue, ifShort rule: ShortfallRule) throws(FieldError) {
        let fields = try FieldReader(
            json, path: "",
            known: ["input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after", "hera"])
        guard let file = try fields.string("input_file_id"), !file.isEmpty else {
            throw FieldError("input_file_id", "is missing: upload the requests with POST /v1/files, purpose \"batch\"")
        }
        inputFileID = file
        endpoint = try fields.string("endpoint") ?? ""
        guard endpoint == BatchReader.endpoint else {
            throw FieldError("endpoint", "must be \"\(BatchReader.endpoint)\": batches do chat completions")
        }
        completionWindow = try fields.string("completion_window") ?? ""
        windowSeconds = try Self.seconds(completionWindow)
        if let value = fields.value("output_expires_after") {
            outputSeconds = try FileLife(json: value, path: "output_expires_after").seconds
        }
        metadata = Array("null".utf8)
        var members: [String: JSONValue] = [:]
        if let value = fields.value("metadata") {
            members = try Self.members(of: value)
            metadata = Array(value.raw)
        }
        terms = try BatchOptionsReader(members, hera: fields.value("hera")).terms(ifShort: rule)
    }

    /// Members of `metadata` that hera reads: `budget_usd` and those that begin with `hera.`.
    private static func members(of metadata: JSONValue) throws(FieldError) -> [String: JSONValue] {
        guard metadata.kind == .object else {
            throw FieldError("metadata", "must be an object of strings like {\"budget_usd\": \"0.50\"}")
        }
        guard metadata.count <= mostMetadata else {
            throw FieldError("metadata", "has more than \(mostMetadata) members")
        }
        var members: [String: JSONValue] = [:]
        for member in metadata.members {
            let path = "metadata.\(member.key)"
            guard member.key.utf8.count <= 64 else { throw FieldError(path, "the name is longer than 64 bytes") }
            guard member.value.kind == .string || member.value.kind == .number else {
                throw FieldError(path, "must be a string")
            }
            guard member.value.raw.count <= 514 else { throw FieldError(path, "is longer than 512 bytes") }
            if member.key == "currency", member.value.string?.uppercased() != "USD" {
                throw FieldError(path, "amounts are in USD: give budget_usd in USD, and leave the currency out")
            }
            if member.key == "budget_usd" || member.key.hasPrefix("hera.") { members[member.key] = member.value }
        }
        return members
    }

    /// Seconds of a window such as `24h`, `90m` or `2d`.
    private static func seconds(_ window: String) throws(FieldError) -> Double {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = window.last.flatMap({ units[$0] }), let number = Int(window.dropLast()), number > 0,
            Double(number) * unit <= longestWindow
        else {
            throw FieldError("completion_window", "must be a time such as \"24h\", \"90m\" or \"7d\", 30 days at most")
        }
        return Double(number) * unit
    }
}

/// Expiry of a file: `{"anchor": "created_at", "seconds": 3600 ... 2592000}`.
package struct FileLife: Hashable, Sendable {
    package let seconds: Double

    private static let range = 3600...2_592_000

    package init(json: JSONValue, path: String) throws(FieldError) {
        let fields = try FieldReader(json, path: path, known: ["anchor", "seconds"])
        try self.init(
            anchor: try fields.string("anchor"), seconds: try fields.integer("seconds", in: Self.range), path: path)
    }

    /// - Parameter path: of the object, for error messages.
    package init(anchor: String?, seconds: Int?, path: String) throws(FieldError) {
        guard anchor == nil || anchor == "created_at" else {
            throw FieldError("\(path).anchor", "must be \"created_at\"")
        }
        guard let seconds, Self.range.contains(seconds) else {
            throw FieldError("\(path).seconds", "must be a whole number from 3600 (an hour) to 2592000 (30 days)")
        }
        self.seconds = Double(seconds)
    }
}
