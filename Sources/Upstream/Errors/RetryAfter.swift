package import Domain

/// Reads how long a server asks to wait (RFC 9110, section 10.2.3, and OpenAI's `retry-after-ms`).
package enum RetryAfter {
    /// Seconds from now; nil where the server says nothing that can be read, or nothing within a year.
    package static func seconds(_ headers: UpstreamHeaders, now: Timestamp) -> Double? {
        let milliseconds = headers["retry-after-ms"].flatMap(Double.init)
        if let wait = sensible(milliseconds.map { $0 / 1000 }) { return wait }
        guard let text = headers["retry-after"] else { return nil }
        return sensible(Double(text) ?? date(text).map { max(0, $0.seconds - now.seconds) })
    }

    private static func sensible(_ seconds: Double?) -> Double? {
        seconds.flatMap { (0...31_536_000).contains($0) ? $0 : nil }
    }

    /// `Wed, 21 Oct 2015 07:28:00 GMT`
    private static func date(_ text: String) -> Timestamp? {
        let words = text.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: String(words[2])) else {
            return nil
        }
        return Timestamp("\(words[3])-\(month < 9 ? "0" : "")\(month + 1)-\(words[1])T\(words[4])Z")
    }
}
