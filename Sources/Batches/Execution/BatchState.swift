package import Domain
import JSON

/// The part of a batch record that is stored as JSON: terms, timestamps, forecast and outcome.
package struct BatchState: Hashable, Sendable {
    package var terms: BatchOptions
    /// As the caller wrote it, for example `24h`.
    package var completionWindow: String
    /// Moments by OpenAI's names: `in_progress_at`, `completed_at`, ...
    package var moments: [String: Timestamp] = [:]
    /// JSON of the `BatchForecast` reported before the run.
    package var forecast: [UInt8]?
    /// The first malformed lines, at most `mostFaultsKept`.
    package var faults: [BatchFault] = []
    /// Number of malformed lines.
    package var faultCount = 0
    /// Number of rows.
    package var rowCount = 0
    /// Why the batch failed, or why rows stayed open.
    package var problem: BatchFault?
    /// Set once the result files are being written.
    package var ending: BatchOutcome?
    /// Set once the result files are written.
    package var count: BatchOutput.Count?
    /// Set while the batch waits for a budget's next window.
    package var wait: BatchWait?
    /// Mean predicted accuracy of the answered rows.
    package var accuracy: Double?
    /// Lifetime of the result files in seconds; nil for the service's default.
    package var outputSeconds: Double?

    package static let mostFaultsKept = 100

    package init(terms: BatchOptions, completionWindow: String = "") {
        self.terms = terms
        self.completionWindow = completionWindow
    }

    /// Records malformed lines.
    package mutating func keep(_ all: [BatchFault]) {
        faults = Array(all.prefix(Self.mostFaultsKept))
        faultCount = all.count
    }
}

extension BatchState {
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.object { object in
            object.member("terms", object: { terms.write(into: &$0) })
            object.member("completion_window", completionWindow)
            object.member(
                "moments",
                object: { list in
                    for (name, moment) in moments.sorted(by: { $0.key < $1.key }) {
                        list.member(name, moment.milliseconds)
                    }
                })
            if let forecast { object.member("outlook", raw: forecast) }
            object.member("faults", array: { list in for fault in faults { list.object { fault.write(into: &$0) } } })
            object.member("fault_count", faultCount)
            object.member("row_count", rowCount)
            if let problem { object.member("problem", object: { problem.write(into: &$0) }) }
            if let ending { object.member("ending", object: { ending.write(into: &$0) }) }
            if let count { object.member("count", object: { count.write(into: &$0) }) }
            if let wait {
                object.member("waiting_until", wait.until.milliseconds)
                object.member("waiting_for", wait.reason)
            }
            object.member("accuracy", accuracy)
            object.member("output_s", outputSeconds)
        }
        return writer.bytes
    }

    /// Reads what `json` writes; nil for anything else.
    package init?(json bytes: [UInt8]) {
        guard let root = (try? JSONDocument(bytes))?.root, let terms = root["terms"].flatMap(BatchOptions.init(json:))
        else { return nil }
        self.init(terms: terms, completionWindow: root["completion_window"]?.string ?? "")
        for member in root["moments"]?.members.map({ $0 }) ?? [] {
            if let milliseconds = member.value.integer { moments[member.key] = Timestamp(milliseconds: milliseconds) }
        }
        forecast = root["outlook"].map { Array($0.raw) }
        faults = root["faults"]?.elements.map(BatchFault.init(json:)) ?? []
        faultCount = root["fault_count"]?.integer.map { Int($0) } ?? 0
        rowCount = root["row_count"]?.integer.map { Int($0) } ?? 0
        problem = root["problem"].map(BatchFault.init(json:))
        ending = root["ending"].flatMap(BatchOutcome.init(json:))
        count = root["count"].map(BatchOutput.Count.init(json:))
        if let until = root["waiting_until"]?.integer {
            wait = BatchWait(until: Timestamp(milliseconds: until), reason: root["waiting_for"]?.string ?? "")
        }
        accuracy = root["accuracy"]?.double
        outputSeconds = root["output_s"]?.double
    }
}

extension BatchOptions {
    func write(into object: inout JSONWriter) {
        object.member("budget_nano_usd", budget?.nanoUSD)
        object.member("deadline_ms", deadline?.milliseconds)
        object.member("if_short", ifShort.rawValue)
        object.member("model", model)
        object.member("policy_name", policyName)
        if let policy { object.member("policy", raw: policy) }
        object.member("min_accuracy", minAccuracy)
        object.member("energy_j", energyJoules)
        object.member("concurrency", concurrency)
        object.member("confidence", confidence)
    }

    init?(json value: JSONValue) {
        guard let rule = value["if_short"]?.string.flatMap(ShortfallRule.init(rawValue:)) else { return nil }
        self.init(
            budget: value["budget_nano_usd"]?.integer.map { Money(nanoUSD: $0) },
            deadline: value["deadline_ms"]?.integer.map { Timestamp(milliseconds: $0) }, ifShort: rule,
            model: value["model"]?.string,
            concurrency: value["concurrency"]?.integer.map { Int($0) } ?? Self.standardConcurrency,
            confidence: value["confidence"]?.double ?? Self.standardConfidence)
        policyName = value["policy_name"]?.string
        policy = value["policy"].map { Array($0.raw) }
        minAccuracy = value["min_accuracy"]?.double
        energyJoules = value["energy_j"]?.double
    }
}

extension BatchFault {
    func write(into object: inout JSONWriter) {
        object.member("line", line)
        object.member("custom_id", customID)
        object.member("code", code)
        object.member("message", message)
    }

    init(json value: JSONValue) {
        self.init(
            line: value["line"]?.integer ?? 0, customID: value["custom_id"]?.string,
            code: value["code"]?.string ?? "", message: value["message"]?.string ?? "")
    }
}

extension BatchOutput.Count {
    func write(into object: inout JSONWriter) {
        object.member("completed", completed)
        object.member("failed", failed)
        object.member("malformed", malformed)
        object.member("not_done", notDone)
    }

    init(json value: JSONValue) {
        func number(_ name: String) -> Int { value[name]?.integer.map { Int($0) } ?? 0 }
        self.init()
        completed = number("completed")
        failed = number("failed")
        malformed = number("malformed")
        notDone = number("not_done")
    }
}
