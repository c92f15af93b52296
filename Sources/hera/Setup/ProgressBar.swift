import Foundation

/// One line on standard error that shows how far a long command is; silent where nobody watches.
struct ProgressBar {
    private let isWatched = isatty(STDERR_FILENO) == 1

    /// Draws the bar anew.
    func show(_ share: Double, _ stage: String) {
        guard isWatched else { return }
        let width = 30
        let filled = Int((min(max(share, 0), 1) * Double(width)).rounded())
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        StandardError.write("\r\u{1b}[K[\(bar)] \(Int(share * 100)) %  \(stage.prefix(60))")
    }

    /// Takes the bar away.
    func clear() {
        if isWatched { StandardError.write("\r\u{1b}[K") }
    }
}

/// Text for people who watch, apart from a command's result.
enum StandardError {
    static func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
