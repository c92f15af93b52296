import Foundation

/// A progress bar of one line on standard error, with the time left. It is silent where that is not a terminal.
struct ProgressBar {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let began = ContinuousClock.now

    /// Redraws the bar.
    func show(_ share: Double, _ stage: String) {
        guard isTerminal else { return }
        let width = 30
        let filled = Int((min(max(share, 0), 1) * Double(width)).rounded())
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        let left = TimeLeft(share: share, elapsed: began.duration(to: .now)).text.map { "\($0) left  " } ?? ""
        StandardError.write("\r\u{1b}[K[\(bar)] \(Int(share * 100)) %  \(left)\(stage.prefix(60))")
    }

    /// Removes the bar.
    func clear() {
        if isTerminal { StandardError.write("\r\u{1b}[K") }
    }

    /// Items a second since the bar was made, as text: `1200 rows/s`.
    func rate(_ items: Int, _ name: String) -> String {
        let seconds = began.duration(to: .now) / .seconds(1)
        return "\(Int((Double(items) / max(seconds, 0.001)).rounded())) \(name)/s"
    }
}

/// The time that is left at the pace so far.
struct TimeLeft {
    let share: Double
    let elapsed: Duration

    /// `40 s`, `3 min` or `2 h`; nil in the first seconds and the first hundredth, when the pace says little.
    var text: String? {
        let seconds = elapsed / .seconds(1)
        guard share > 0.01, share < 1, seconds >= 3 else { return nil }
        let left = seconds * (1 - share) / share
        switch left {
        case ..<90: return "\(Int(left.rounded(.up))) s"
        case ..<5400: return "\(Int((left / 60).rounded(.up))) min"
        default: return "\(Int((left / 3600).rounded(.up))) h"
        }
    }
}
