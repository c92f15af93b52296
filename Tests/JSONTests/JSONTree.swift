import Foundation
import JSON

/// A fully decoded JSON value, to compare the results of three readers.
indirect enum JSONTree: Equatable {
    case object([String: JSONTree])
    case array([JSONTree])
    /// UTF-8, because Swift strings that differ only in normalisation are equal.
    case string([UInt8])
    case number(Double)
    case boolean(Bool)
    case null

    static func text(_ text: String) -> JSONTree { .string(Array(text.utf8)) }

    /// Whether all numbers fit a double.
    var isFinite: Bool {
        switch self {
        case .object(let members): members.values.allSatisfy(\.isFinite)
        case .array(let elements): elements.allSatisfy(\.isFinite)
        case .number(let double): double.isFinite
        case .string, .boolean, .null: true
        }
    }

    /// The tree of a lazily read value. A number that fits no double is infinite.
    init?(_ value: JSONValue) {
        switch value.kind {
        case .object:
            var object: [String: JSONTree] = [:]
            for (key, member) in value.members {
                guard let tree = JSONTree(member) else { return nil }
                object[key] = tree
            }
            self = .object(object)
        case .array:
            var array: [JSONTree] = []
            for element in value.elements {
                guard let tree = JSONTree(element) else { return nil }
                array.append(tree)
            }
            self = .array(array)
        case .string:
            guard let string = value.string else { return nil }
            self = .text(string)
        case .number:
            guard value.numberText != nil else { return nil }
            self = .number(value.double ?? .infinity)
        case .boolean:
            guard let boolean = value.boolean else { return nil }
            self = .boolean(boolean)
        case .null:
            self = .null
        }
    }

    /// Foundation's tree of a text; nil if Foundation refuses it.
    init?(foundation bytes: [UInt8]) {
        guard let any = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed) else {
            return nil
        }
        self.init(any: any)
    }

    private init?(any: Any) {
        switch any {
        case let object as [String: Any]: self = .object(object.compactMapValues { JSONTree(any: $0) })
        case let array as [Any]: self = .array(array.compactMap { JSONTree(any: $0) })
        case let string as String: self = .text(string)
        case let number as NSDecimalNumber:
            // Its `doubleValue` is not the nearest double.
            self = .number(Double(number.stringValue) ?? .nan)
        case let number as NSNumber:
            self = String(cString: number.objCType) == "c" ? .boolean(number.boolValue) : .number(number.doubleValue)
        case is NSNull: self = .null
        default: return nil
        }
    }
}
