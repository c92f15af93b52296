/// Admits queued transfers under a global limit and a limit per origin. Pure.
///
/// FIFO within an origin and round-robin over origins, so one busy server does not starve the others.
struct AdmissionQueue {
    private struct Lane {
        var active = 0
        var waiting: [TransferID] = []
    }

    private let limit: Int
    private let limitPerOrigin: Int
    private var lanes: [Origin: Lane] = [:]
    /// Origins with queued transfers, in round-robin order.
    private var turns: [Origin] = []
    private(set) var activeCount = 0
    private(set) var waitingCount = 0

    init(limit: Int, limitPerOrigin: Int) {
        self.limit = max(1, limit)
        self.limitPerOrigin = max(1, limitPerOrigin)
    }

    mutating func append(_ id: TransferID, to origin: Origin) {
        lanes[origin, default: Lane()].waiting.append(id)
        if lanes[origin]?.waiting.count == 1 { turns.append(origin) }
        waitingCount += 1
    }

    /// Dequeues the next admissible transfer, or nil.
    mutating func next() -> TransferID? {
        guard activeCount < limit else { return nil }
        guard let turn = turns.firstIndex(where: { (lanes[$0]?.active ?? 0) < limitPerOrigin }) else { return nil }
        let origin = turns.remove(at: turn)
        guard var lane = lanes[origin], !lane.waiting.isEmpty else { return nil }
        let id = lane.waiting.removeFirst()
        lane.active += 1
        if !lane.waiting.isEmpty { turns.append(origin) }
        lanes[origin] = lane
        activeCount += 1
        waitingCount -= 1
        return id
    }

    /// Frees the slot of a started transfer.
    mutating func finish(at origin: Origin) {
        guard var lane = lanes[origin], lane.active > 0 else { return }
        lane.active -= 1
        activeCount -= 1
        lanes[origin] = lane.active == 0 && lane.waiting.isEmpty ? nil : lane
    }

    /// Removes a queued transfer.
    mutating func remove(_ id: TransferID, at origin: Origin) {
        guard var lane = lanes[origin], let index = lane.waiting.firstIndex(of: id) else { return }
        lane.waiting.remove(at: index)
        waitingCount -= 1
        if lane.waiting.isEmpty { turns.removeAll { $0 == origin } }
        lanes[origin] = lane.active == 0 && lane.waiting.isEmpty ? nil : lane
    }
}
