/// When an operation that only moves money is answered.
///
/// In both cases a killed process loses nothing that was answered: commits are in the database's log, and the operating
/// system keeps it. They differ where the whole machine is lost.
package enum Durability: String, CaseIterable, Hashable, Sendable {
    /// After its commit. A reservation's flush follows at once, beside the call's other work, a settlement's within some
    /// milliseconds. A machine that is lost before takes them with it: a call whose settlement is lost becomes an
    /// uncertain entry at the reservation's upper bound.
    case normal
    /// After its flush.
    case strict
}
