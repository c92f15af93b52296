package import Domain
import JSON
package import Ledger
package import Routing

extension Sessions {
    /// Memory of one run.
    package struct Memory: Hashable, Sendable {
        package private(set) var lastModel: ModelID?
        /// How the last step asked its model.
        package private(set) var lastWay = AskedWay()
        /// Where the last steps were answered and what they were sent, the latest first; at most three.
        package private(set) var recent: [RecentStep] = []
        package var state = RunState()
        /// Steps so far, their requests, and the consecutive steps on the last model.
        package private(set) var steps = 0
        package private(set) var requests = 0
        package private(set) var stepsOnLast = 0
        /// Number of model switches.
        package private(set) var switches = 0
        /// Seconds that the steps took together.
        package private(set) var seconds = 0.0

        package init() {}

        /// Records a step.
        ///
        /// - Parameters:
        ///   - placement: where its model runs.
        ///   - way: how it asked its model.
        ///   - seconds: the duration of the step.
        package mutating func recordStep(
            _ model: ModelID, on placement: Placement = .cloud, way: AskedWay = AskedWay(), position: Int,
            state: RunState, seconds: Double = 0
        ) {
            self.seconds += max(seconds, 0)
            if let lastModel, lastModel != model {
                switches += 1
                stepsOnLast = 0
            }
            lastModel = model
            lastWay = way
            recent = [RecentStep(placement: placement, sources: way.sources ?? [])] + recent.prefix(2)
            stepsOnLast += 1
            steps += 1
            if position <= 1 || requests == 0 { requests += 1 }
            self.state = state
        }
    }
}

/// Where a step of a session was answered, and the optional sources that it was sent.
package struct RecentStep: Hashable, Sendable {
    /// Where its model runs.
    package var placement: Placement
    /// Names of the sources.
    package var sources: [String]
}

extension Sessions.Memory {
    /// The record for the ledger. The plan is left out: it belongs to one call, and a resumed job is planned anew.
    package func record(of session: String, at moment: Timestamp) -> SessionRecord {
        SessionRecord(id: session, version: steps, body: json, at: moment)
    }

    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 192)
        writer.object { object in
            object.member("model", lastModel?.rawValue)
            object.member("steps", steps)
            object.member("requests", requests)
            object.member("steps_on_last", stepsOnLast)
            object.member("switches", switches)
            object.member("seconds", seconds)
            object.member("position", state.position)
            if let effort = lastWay.effort { object.member("effort", effort.rawValue) }
            if let sources = lastWay.sources {
                object.member("sources", array: { list in for name in sources { list.element(name) } })
            }
            object.member(
                "recent",
                array: { list in
                    for step in recent {
                        list.array { item in
                            item.element(step.placement.rawValue)
                            for name in step.sources { item.element(name) }
                        }
                    }
                })
            if let committed = state.committed { object.member("committed", committed.rawValue) }
            if let span = state.span {
                object.member(
                    "span",
                    object: { member in
                        member.member("model", span.model.rawValue)
                        member.member("stage", span.stage.rawValue)
                        member.member("from", span.from)
                        member.member("through", span.through)
                    })
            }
            if let end = state.historyEnd {
                object.member("messages", end.count)
                object.member("trail", Int64(bitPattern: end.digest))
            }
        }
        return writer.bytes
    }

    /// Reads what `json` writes; nil for anything else. Earlier versions stored another digest of the messages, under
    /// `digest`: it is ignored, as if nothing were known of them.
    package init?(json: [UInt8]) {
        guard let root = try? JSONDocument(json).root, root.kind == .object else { return nil }
        func count(_ name: String) -> Int? {
            root[name]?.integer.flatMap { (0...(1 << 40)).contains($0) ? Int($0) : nil }
        }
        guard let steps = count("steps"), let requests = count("requests"), let stepsOnLast = count("steps_on_last"),
            let switches = count("switches"), let position = count("position")
        else { return nil }
        self.init()
        lastModel = root["model"]?.string.map { ModelID($0) }
        (self.steps, self.requests, self.stepsOnLast, self.switches) = (steps, requests, stepsOnLast, switches)
        lastWay = AskedWay(
            effort: root["effort"]?.string.flatMap { MeasuredEffort(rawValue: $0) },
            sources: root["sources"].map { $0.elements.compactMap(\.string) })
        let stored = root["recent"].map { Array($0.elements.prefix(3)) } ?? []
        recent = stored.compactMap { step in
            let words = step.elements.compactMap(\.string)
            return words.first.flatMap(Placement.init).map { placement in
                RecentStep(placement: placement, sources: Array(words.dropFirst()))
            }
        }
        seconds = max(root["seconds"]?.double ?? 0, 0)
        state.committed = root["committed"]?.string.map { ModelID($0) }
        state.position = position
        if let span = root["span"], let model = span["model"]?.string,
            let stage = span["stage"]?.string.flatMap({ Stage(rawValue: $0) }), let from = span["from"]?.integer,
            let through = span["through"]?.integer
        {
            state.span = Span(model: ModelID(model), stage: stage, from: Int(from), through: Int(through))
        }
        if let messages = count("messages"), messages > 0, let digest = root["trail"]?.integer {
            state.historyEnd = StepHistory.End(count: messages, digest: UInt64(bitPattern: digest))
        }
    }
}
