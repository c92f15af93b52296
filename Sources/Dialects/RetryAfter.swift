import Domain
import Upstream

/// Reads how long a server asks its callers to wait, from the headers of its answer.
///
/// `retry-after-ms` comes first, then `Retry-After` (RFC 9110, section 10.2.3), as seconds or as any date of HTTP, then
/// the moments at which a limit is whole again: `x-ratelimit-reset*`, `anthropic-ratelimit-*-reset`. Bodies are read by
/// ``RetryAdvice``.
enum RetryAfter {
    private static let longest = 31_536_000.0

    /// Seconds from now; nil if the headers are missing, unreadable or beyond one year.
    static func seconds(_ headers: UpstreamHeaders, now: Timestamp) -> Double? {
        let milliseconds = headers["retry-after-ms"].flatMap(Double.init)
        if let wait = plausible(milliseconds.map { $0 / 1000 }) { return wait }
        guard let text = headers["retry-after"] else { return nil }
        return plausible(Double(text) ?? duration(text) ?? date(text).map { max(0, $0.seconds - now.seconds) })
    }

    /// Seconds until a limit of the rate is whole again; nil without such headers. A limit with nothing remaining counts
    /// before others, and of several the latest.
    static func limitReset(_ headers: UpstreamHeaders, now: Timestamp) -> Double? {
        var waits: [(seconds: Double, isUsedUp: Bool)] = []
        for field in headers.fields {
            let name = field.name.lowercased()
            guard name.contains("ratelimit"), name.contains("reset"),
                let wait = plausible(moment(field.value, now: now))
            else { continue }
            let remaining = headers[name.replacing("reset", with: "remaining")].flatMap(Double.init)
            waits.append((wait, remaining == 0))
        }
        let used = waits.filter(\.isUsedUp)
        return used.isEmpty ? waits.map(\.seconds).min() : used.map(\.seconds).max()
    }

    /// Seconds of a duration in words of Go and Google: `34s`, `1m30.5s`, `250ms`; nil for other text.
    static func duration(_ text: String) -> Double? {
        let units: [(String, Double)] = [("ms", 0.001), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]
        var rest = text[...]
        var seconds = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { $0.isNumber || $0 == "." }
            rest = rest.dropFirst(number.count)
            guard let value = Double(number), let unit = units.first(where: { rest.hasPrefix($0.0) }) else {
                return nil
            }
            seconds += value * unit.1
            rest = rest.dropFirst(unit.0.count)
        }
        return text.isEmpty ? nil : plausible(seconds)
    }

    /// Seconds to a moment: a duration, a date, or a number that is a wait, an epoch in seconds or in milliseconds.
    private static func moment(_ text: String, now: Timestamp) -> Double? {
        if let number = Double(text) {
            switch number {
            case ..<0: return nil
            case ..<100_000_000: return number
            case ..<100_000_000_000: return max(0, number - now.seconds)
            default: return max(0, number / 1000 - now.seconds)
            }
        }
        return duration(text) ?? (Timestamp(text) ?? date(text)).map { max(0, $0.seconds - now.seconds) }
    }

    /// The wait where it is from 0 seconds to a year, else nil.
    static func plausible(_ seconds: Double?) -> Double? {
        seconds.flatMap { (0...longest).contains($0) ? $0 : nil }
    }

    /// Parses the three dates of HTTP: `Wed, 21 Oct 2015 07:28:00 GMT`, `Wednesday, 21-Oct-15 07:28:00 GMT` and
    /// `Wed Oct 21 07:28:00 2015`.
    private static func date(_ text: String) -> Timestamp? {
        let fields = text.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func moment(_ year: Substring, _ month: Substring, _ day: Substring, _ time: Substring) -> Timestamp? {
            guard let month = months.firstIndex(of: String(month)), let day = Int(day) else { return nil }
            func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
            return Timestamp("\(year)-\(two(month + 1))-\(two(day))T\(time)Z")
        }
        if fields.count == 6, fields[5] == "GMT" { return moment(fields[3], fields[2], fields[1], fields[4]) }
        if fields.count == 4, fields[3] == "GMT" {
            let parts = fields[1].split(separator: "-")
            guard parts.count == 3, let year = Int(parts[2]) else { return nil }
            return moment("\(parts[2].count == 2 ? 2000 + year : year)", parts[1], parts[0], fields[2])
        }
        if fields.count == 5 { return moment(fields[4], fields[1], fields[2], fields[3]) }
        return nil
    }
}
