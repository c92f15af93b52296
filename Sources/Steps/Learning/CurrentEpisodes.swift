import Estimation
import Synchronization

/// The learned values of runs under budgets in use. A replacement serves the steps that begin after it.
final class CurrentEpisodes: Sendable {
    private let profile: Mutex<EpisodeProfile?>

    init(_ profile: EpisodeProfile?) {
        self.profile = Mutex(profile)
    }

    var value: EpisodeProfile? { profile.withLock { $0 } }

    func replace(with profile: EpisodeProfile?) { self.profile.withLock { $0 = profile } }
}
