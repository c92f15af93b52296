import Domain
import Synchronization

/// The settings in use, replaced as a whole.
package final class CurrentSettings: Sendable {
    private let settings: Mutex<Shared<Settings>>

    init(_ settings: Settings) {
        self.settings = Mutex(Shared(settings))
    }

    /// The settings of this moment, lent: a caller that reads one member copies that alone.
    package var value: Settings {
        _read {
            let settings = settings.withLock { $0 }
            yield settings.value
        }
    }

    func replace(with settings: Settings) {
        self.settings.withLock { $0 = Shared(settings) }
    }
}
