package import Domain

/// Secrets for models' servers, by the name of their environment variable. Never printed, never stored.
package struct APIKeys: Sendable, CustomStringConvertible {
    private let environment: [String: String]

    package init(environment: [String: String]) {
        self.environment = environment
    }

    /// The key for an endpoint; nil if it needs none or none is set.
    package func key(for endpoint: Endpoint) -> String? {
        endpoint.keyVariable.flatMap { secret(named: $0) }
    }

    /// The value of an environment variable; nil if it is unset or empty.
    package func secret(named variable: String) -> String? {
        environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }

    package var description: String { "APIKeys" }
}
