extension JSONValue {
    /// Whether two values say the same: numbers by value, strings decoded, objects whatever the order of their members.
    package func isSame(as other: JSONValue) -> Bool {
        guard kind == other.kind else { return false }
        switch kind {
        case .null: return true
        case .boolean: return boolean == other.boolean
        case .number:
            if raw == other.raw { return true }
            // Past 2^53 doubles run together, whole numbers do not.
            if let left = integer, let right = other.integer { return left == right }
            guard let left = double, let right = other.double else { return false }
            return left == right
        case .string: return raw == other.raw || string == other.string
        case .array:
            let left = Array(elements)
            let right = Array(other.elements)
            return left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
        case .object:
            var left: [String: JSONValue] = [:]
            var right: [String: JSONValue] = [:]
            for (name, value) in members { left[name] = value }
            for (name, value) in other.members { right[name] = value }
            return left.count == right.count
                && left.allSatisfy { name, value in right[name].map { value.isSame(as: $0) } ?? false }
        }
    }
}
