import Hummingbird
import Logging
import NIOCore
import Steps

/// What a request carries through the service besides itself.
struct HeraContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// On whose account the request is made.
    var caller = Caller()

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
    }
}
