import Domain
import JSON

/// Runs built-in tools on the model's arguments.
enum BuiltInTools {
    /// The value, or an error that the model can act on.
    static func calculator(_ arguments: String) -> String {
        guard let root = try? JSONDocument(Array(arguments.utf8)).root, let value = root["expression"],
            let expression = value.string ?? value.numberText
        else { return #"error: send {"expression": "17 * 4"}"# }
        do {
            return Calculator.text(try Calculator.evaluate(expression))
        } catch {
            return "error: \(error)"
        }
    }
}
