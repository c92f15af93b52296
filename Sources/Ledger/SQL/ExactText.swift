/// A text that is the same as another one where both have the same bytes, as databases compare them.
///
/// Strings are equal in Swift where they look the same: one name written in two ways would be one in memory and two in the
/// database.
struct ExactText: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (left: ExactText, right: ExactText) -> Bool { areSame(left.text, right.text) }

    /// Texts that look the same have the same hash, which is allowed, and quick for those in ASCII.
    func hash(into hasher: inout Hasher) { hasher.combine(text) }

    static func areSame(_ left: String, _ right: String) -> Bool {
        left == right && (left.utf8.elementsEqual(right.utf8))
    }

    static func areSame(_ left: String?, _ right: String?) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        return areSame(left, right)
    }
}
