package import Calls
import Domain
package import JSON
import Upstream

/// Where spans go, and how many: the section `tracing` of the settings. Without it, hera makes no spans.
package struct TracingRule: Hashable, Sendable {
    /// The collector's address of traces: `http://127.0.0.1:4318/v1/traces`.
    package let url: String
    /// Environment variables of the values of headers that the collector asks for, by name.
    package let headerVariables: [String: String]
    /// The recorded share of the traces that begin here. Callers with a `traceparent` decide for theirs.
    package let share: Double

    /// Reads `{url, headers?, share?}`. A URL without a path gets `/v1/traces`.
    package init(json: JSONValue) throws(FieldError) {
        let fields = try FieldReader(json, path: "tracing", known: ["url", "headers", "share"])
        guard let text = try fields.string("url") else { throw FieldError("tracing.url", "is missing") }
        do throws(UpstreamError) {
            _ = try Origin(url: text)
        } catch {
            throw FieldError("tracing.url", "must be a collector's URL like http://127.0.0.1:4318")
        }
        let hasPath = text.split(separator: "/", omittingEmptySubsequences: true).count > 2
        url = hasPath ? text : (text.hasSuffix("/") ? text + "v1/traces" : text + "/v1/traces")
        var variables: [String: String] = [:]
        if let value = fields.value("headers") {
            guard value.kind == .object else {
                throw FieldError("tracing.headers", "must be a map of names to environment variables")
            }
            for member in value.members {
                guard let variable = member.value.string else {
                    throw FieldError("tracing.headers.\(member.key)", "must be the name of an environment variable")
                }
                variables[member.key] = variable
            }
        }
        headerVariables = variables
        share = try fields.number("share", in: 0...1) ?? 1
    }

    /// The headers with their values; one whose variable is not set is left out.
    package func headers(_ keys: APIKeys) -> [(String, String)] {
        headerVariables.sorted { $0.key < $1.key }.compactMap { name, variable in
            keys.secret(named: variable).map { (name, $0) }
        }
    }
}
