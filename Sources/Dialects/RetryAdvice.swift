import Domain
import JSON
import Upstream

/// Finds how long to wait in the body of an error: Google's `retryDelay`, a member `retry_after`, the headers that
/// OpenRouter repeats, and the words "try again in 20s".
enum RetryAdvice {
    private static let phrases = [
        "try again in ", "retry in ", "retry after ", "try again after ", "wait for ", "wait ",
    ]

    /// Seconds; nil where the object says nothing of a wait.
    static func seconds(in root: JSONValue, now: Timestamp) -> Double? {
        let error = root["error"] ?? root
        for detail in error["details"]?.elements.map({ $0 }) ?? [] {
            if let wait = detail["retryDelay"]?.string.flatMap(RetryAfter.duration) { return wait }
        }
        for holder in [error, root, error["metadata"]] {
            for (name, unit) in [("retry_after", 1.0), ("retry_after_seconds", 1), ("retry_after_ms", 0.001)] {
                guard let value = holder?[name] else { continue }
                let number = value.double ?? value.string.flatMap { Double($0) ?? RetryAfter.duration($0) }
                if let wait = RetryAfter.plausible(number.map { $0 * unit }) { return wait }
            }
        }
        if let headers = error["metadata"]?["headers"], headers.kind == .object {
            let fields = headers.members.map { member in
                UpstreamHeaders.Field(
                    name: member.key, value: member.value.string ?? String(decoding: member.value.raw, as: UTF8.self))
            }
            let list = UpstreamHeaders(fields)
            if let wait = RetryAfter.seconds(list, now: now) ?? RetryAfter.limitReset(list, now: now) { return wait }
        }
        return error["message"]?.string.flatMap { seconds(inText: $0) } ?? error.string.flatMap { seconds(inText: $0) }
    }

    /// Seconds in words such as "Please try again in 6m0s." or "retry after 30 seconds"; nil without them.
    static func seconds(inText text: String) -> Double? {
        let words = text.lowercased()
        for phrase in phrases {
            guard let found = words.firstRange(of: phrase) else { continue }
            let rest = words[found.upperBound...]
            let token = rest.prefix { $0.isNumber || $0 == "." || "dhms".contains($0) }
            var digits = token[...]
            while digits.last == "." { digits = digits.dropLast() }
            if let wait = RetryAfter.duration(String(digits)) { return wait }
            guard let number = Double(digits) else { continue }
            let unit = rest.dropFirst(token.count).drop { $0 == " " }
            if unit.hasPrefix("ms") || unit.hasPrefix("milli") { return RetryAfter.plausible(number / 1000) }
            if unit.hasPrefix("min") { return RetryAfter.plausible(number * 60) }
            if unit.hasPrefix("hour") { return RetryAfter.plausible(number * 3600) }
            if unit.hasPrefix("s") { return RetryAfter.plausible(number) }
        }
        return nil
    }
}
