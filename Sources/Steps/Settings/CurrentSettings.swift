import Synchronization

/// The settings in use, replaced as a whole.
package final class CurrentSettings: Sendable {
    private let settings: Mutex<Settings>

    init(_ settings: Settings) {
        self.settings = Mutex(settings)
    }

    package var value: Settings { settings.withLock { $0 } }

    func replace(with settings: Settings) {
        self.settings.withLock { $0 = settings }
    }
}
