package import Domain
package import Ledger

/// One re-estimation of the calibration from the observations in the ledger. No I/O.
package struct Recalibration: Sendable {
    /// A calibration version and the time of its activation.
    package struct Version: Hashable, Sendable {
        package var number: Int
        package var since: Timestamp
        package var calibration: ModelCalibration

        /// The uncalibrated start.
        package static let first = Version(number: 0, since: Timestamp(milliseconds: 0), calibration: .none)
    }

    package enum Outcome: Hashable, Sendable {
        /// The current version predicted later observations worse than its predecessor would have: restore that.
        case rollBack(note: String)
        /// A better fit to activate.
        case activate(ModelCalibration, note: String)
        /// A fit that is no better on the held-out rows.
        case reject(ModelCalibration, note: String)
        /// Too few observations.
        case nothing
    }

    /// Past versions, the oldest first; `Version.first` stands for the time before.
    package var versions: [Version]
    /// Oldest first, with their predictions at that time.
    package var observations: [QualityObservation]

    package init(versions: [Version], observations: [QualityObservation]) {
        self.versions = versions.isEmpty ? [.first] : versions
        self.observations = observations
    }

    /// One row in this many is held out for evaluation.
    package static let heldOutEvery = 4
    /// Smallest improvement of the mean squared error that counts.
    package static let leastGain = 0.0005

    package func outcome() -> Outcome {
        guard let current = versions.last else { return .nothing }
        let raw = observations.map { observation in
            (versions.last { $0.since <= observation.at } ?? .first).calibration.raw(observation)
        }
        let since = zip(observations, raw).filter { $0.0.at > current.since }.map(\.1)
        if versions.count > 1, since.count >= ModelCalibration.leastRows {
            let before = versions[versions.count - 2]
            if let now = current.calibration.brier(since), let then = before.calibration.brier(since),
                now > then + Self.leastGain
            {
                return .rollBack(
                    note: "mean squared error \(Self.text(now)) on the \(since.count) observations after it, "
                        + "\(Self.text(then)) by version \(before.number)")
            }
        }
        let heldOut = raw.enumerated().filter { $0.offset % Self.heldOutEvery == Self.heldOutEvery - 1 }.map(\.element)
        let training = raw.enumerated().filter { $0.offset % Self.heldOutEvery != Self.heldOutEvery - 1 }
            .map(\.element)
        let fitted = ModelCalibration.fit(training)
        guard !fitted.maps.isEmpty, let old = current.calibration.brier(heldOut), let new = fitted.brier(heldOut) else {
            return .nothing
        }
        let note =
            "mean squared error \(Self.text(new)) on \(heldOut.count) observations kept back, \(Self.text(old)) by "
            + "version \(current.number)"
        return new < old - Self.leastGain ? .activate(fitted, note: note) : .reject(fitted, note: note)
    }

    private static func text(_ error: Double) -> String {
        let tenThousandths = Int((error * 10_000).rounded())
        let digits = String(tenThousandths % 10_000)
        return "\(tenThousandths / 10_000)." + String(repeating: "0", count: 4 - digits.count) + digits
    }
}

/// Detects drift: the mean error of a model's latest predictions exceeds what chance allows. No I/O.
package struct DriftDetector: Hashable, Sendable {
    /// Number of latest observations.
    package static let window = 40
    /// Smaller mean errors never count as drift.
    package static let leastError = 0.1

    private var errors: [Double] = []

    package init() {}

    /// Records a prediction and its outcome; returns true on drift and then restarts.
    package mutating func observe(predicted: Double, outcome: Double) -> Bool {
        guard (predicted - outcome).isFinite else { return false }
        errors.append(outcome - predicted)
        if errors.count > Self.window { errors.removeFirst() }
        guard errors.count == Self.window else { return false }
        let count = Double(errors.count)
        let mean = errors.reduce(0, +) / count
        let variance = errors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        // Three standard errors: about one false alarm in 370 windows.
        guard abs(mean) > max(Self.leastError, 3 * (variance / count).squareRoot()) else { return false }
        errors = []
        return true
    }
}
