import Domain
package import Ledger

extension Caller {
    /// Whether the caller may see what was done on an account: a key what is its own, the operator everything.
    package func sees(_ account: Attribution) -> Bool { key == nil || account.key == key }
}
