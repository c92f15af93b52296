import Estimation

/// The ways to answer a turn: on the own hardware, or at the provider with a subset of the sources.
///
/// Action 0 is the own hardware without sources. Action 1 + m sends the sources whose bits are set in m.
struct EpisodeActions: Sendable {
    let sources: Int
    /// By action.
    let seconds: [Double]
    let dollars: [Double]
    /// The same, scaled to 0...1 over the distinct amounts.
    let scaledSeconds: [Double]
    let scaledDollars: [Double]

    var count: Int { 1 + 1 << sources }

    /// - Parameters:
    ///   - seconds: of a turn on the own hardware, then at the provider by number of sources.
    ///   - dollars: the same in USD.
    init(sources: Int, seconds: [Double], dollars: [Double]) {
        self.sources = sources
        let places = (0..<(1 + 1 << sources)).map { $0 == 0 ? 0 : 1 + ($0 - 1).nonzeroBitCount }
        func scaled(_ amounts: [Double]) -> [Double] {
            let (least, most) = (amounts.min() ?? 0, amounts.max() ?? 0)
            return places.map { most > least ? (amounts[$0] - least) / (most - least) : 0 }
        }
        self.seconds = places.map { seconds[$0] }
        self.dollars = places.map { dollars[$0] }
        scaledSeconds = scaled(seconds)
        scaledDollars = scaled(dollars)
    }

    static func action(of step: EpisodeStep) -> Int {
        step.placement == .edge ? 0 : 1 + step.sources.reduce(0) { $0 | 1 << $1 }
    }

    /// Where an action is answered, and what it sends.
    static func runAction(_ action: Int) -> RunAction { RunAction(isProvider: action > 0, mask: mask(action)) }

    /// The sources that an action sends, as bits.
    static func mask(_ action: Int) -> Int { max(action - 1, 0) }

    /// Whether an action is answered at a provider, then whether it sends each source.
    func vector(_ action: Int) -> [Float] {
        [action > 0 ? 1 : 0] + (0..<sources).map { Self.mask(action) >> $0 & 1 == 1 ? 1 : 0 }
    }
}

/// Seconds and USD of a turn: on the own hardware, then at the provider by number of sources sent.
package struct EpisodeAmounts: Hashable, Sendable {
    /// Seconds of a turn.
    package var seconds: [Double]
    /// USD of a turn, in the order of `seconds`.
    package var dollars: [Double]

    package init(seconds: [Double], dollars: [Double]) {
        self.seconds = seconds
        self.dollars = dollars
    }

    /// The amounts of published simulations, by suite. M4A1: arXiv 2502.11007, a 3.8 B model on a Jetson TX2 and a cloud
    /// model over a wired line.
    static let published = [
        "m4a1": EpisodeAmounts(
            seconds: [0.012, 6.4603, 4.76134, 6.24569, 6.98211], dollars: [6e-9, 0.00049, 0.005, 0.00945, 0.01368])
    ]

    /// The published amounts of a suite, else the means of its logged turns.
    package init(suite: String, rows: [EpisodeRow]) {
        let sources = rows.first?.sources.count ?? 0
        if let known = Self.published[suite], known.seconds.count == sources + 2 {
            self = known
            return
        }
        let turns = rows.flatMap(\.steps)
        var (seconds, dollars): ([Double], [Double]) = ([], [])
        for place in 0..<(sources + 2) {
            let logged = turns.filter {
                place == 0 ? $0.placement == .edge : $0.placement == .cloud && $0.sources.count == place - 1
            }
            // A number of sources that was never logged costs what the number below it does.
            let count = Double(logged.count)
            seconds.append(logged.isEmpty ? seconds.last ?? 0 : logged.reduce(0) { $0 + $1.seconds } / count)
            dollars.append(logged.isEmpty ? dollars.last ?? 0 : logged.reduce(0) { $0 + $1.costUSD } / count)
        }
        self.init(seconds: seconds, dollars: dollars)
    }
}
