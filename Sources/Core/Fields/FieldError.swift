/// What is wrong with a policy or job as it was written: which field, why, and what to write instead.
package struct FieldError: Error, Equatable, CustomStringConvertible {
    /// Path of the field, for example `policy.kappa.base`.
    package let field: String
    package let problem: String

    package init(_ field: String, _ problem: String) {
        self.field = field
        self.problem = problem
    }

    package var description: String { field.isEmpty ? problem : "\(field): \(problem)" }
}
