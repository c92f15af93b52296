import Calls
import Domain
import Estimation
import JSON
import Ledger
import ServiceLifecycle
import Steps
import Synchronization
import Training

/// Sends probes to a model and stores every answer. Stored answers are reused.
final class ProbeRun: Service {
    /// An answer with its grade.
    struct Graded: Sendable {
        var answer: ProbeAnswer
        var graded: GradedProbe
    }

    private let stepService: StepService
    private let prober: HealthProber
    private let model: ModelID
    private let items: [ProbeItem]
    private let trial: CodeTrial?
    private let file: ProbeAnswerFile
    private let budget: Money?
    private let maxTokens: Int
    private let outcome = Mutex<Result<[Graded], Exit>>(
        .failure(Exit(75, "interrupted; run the same command to go on")))

    init(
        stepService: StepService, prober: HealthProber, model: ModelID, items: [ProbeItem], trial: CodeTrial?,
        file: ProbeAnswerFile,
        budget: Money?, maxTokens: Int
    ) {
        self.stepService = stepService
        self.prober = prober
        self.model = model
        self.items = items
        self.trial = trial
        self.file = file
        self.budget = budget
        self.maxTokens = maxTokens
    }

    /// All answers, in the order of the items. Throws the error that ended the run.
    func answers() throws -> [Graded] { try outcome.withLock { $0 }.get() }

    func run() async throws {
        let result: Result<[Graded], Exit>
        do {
            result = .success(try await runProbes())
        } catch let exit as Exit {
            result = .failure(exit)
        } catch let error as EstimationError {
            result = .failure(Exit(EstimationExit.code(error), error.description))
        } catch {
            result = .failure(Exit(70, "\(error)"))
        }
        outcome.withLock { $0 = result }
    }

    private func runProbes() async throws -> [Graded] {
        let kept = try file.answers(of: model.rawValue)
        let known = items.map { item in kept[item.id].flatMap { $0.question == item.fingerprint ? $0 : nil } }
        var graded: [Graded] = []
        let missing = known.count { $0 == nil }
        let session = Identifier.make("profile")
        if missing > 0 {
            _ = try await stepService.ledger.recover(at: .now())
            try await limit(session, spent: kept.values.reduce(0) { $0 + $1.costNanoUSD })
            await prober.probe()
        }
        var progress = ProbeRunProgress(items: items.count, kept: items.count - missing)
        for (item, answer) in zip(items, known) {
            if answer == nil, Task.isShuttingDownGracefully {
                throw Exit(75, "interrupted after \(progress.doneText); run the same command to go on")
            }
            let answer = if let answer { answer } else { try await self.answer(to: item, session, progress) }
            if kept[item.id]?.question != item.fingerprint { try file.append(answer) }
            let mark = grade(answer, item)
            graded.append(
                Graded(
                    answer: answer,
                    graded: GradedProbe(
                        item: item, score: mark, outputTokens: Double(answer.outputTokens),
                        costUSD: Money(nanoUSD: answer.costNanoUSD).usd)))
            progress.record(answer, mark, isNew: kept[item.id]?.question != item.fingerprint)
        }
        return graded
    }

    private func answer(
        to item: ProbeItem, _ session: String, _ progress: ProbeRunProgress
    ) async throws -> ProbeAnswer {
        do {
            return try await stepService.ask(item, of: model, session: session, maximumOutputTokens: maxTokens)
        } catch {
            let hint = "\(progress.doneText) asked; the answers are kept, and the same command goes on from there"
            switch error {
            case let reason as LedgerError where reason.refusal != nil:
                throw Exit(75, "--budget has no room for the next call (\(reason)). \(hint), with a higher --budget")
            case ServiceError.modelUnavailable, ServiceError.upstream: throw Exit(69, "\(error). \(hint)")
            case ServiceError.unknownModel, is FieldError: throw Exit(64, "\(error)")
            default: throw Exit(70, "\(error). \(hint)")
            }
        }
    }

    /// Limits this run's session to the budget less the cost of earlier runs.
    private func limit(_ session: String, spent: Int64) async throws {
        guard let budget else { return }
        let left = Money(nanoUSD: max(0, budget.nanoUSD - spent))
        try await stepService.ledger.write {
            try $0.setBudget(Budget(scope: .session(session), limit: .usd(left)), at: .now())
        }
    }

    private func grade(_ answer: ProbeAnswer, _ item: ProbeItem) -> Double {
        if case .code(let tests) = item.grader { return trial?.passes(answer.output, tests: tests) == true ? 1 : 0 }
        let calls = answer.calls.map { (name: $0.name, arguments: $0.arguments) }
        return item.grader.isRight(answer.output, calls: calls) == true ? 1 : 0
    }
}

/// Progress of a probe run: probes done, right answers, cost, time left.
struct ProbeRunProgress {
    private let bar = ProgressBar()
    private let items: Int
    private let toAsk: Int
    private var done = 0
    private var right = 0.0
    private var asked = 0
    private var cost: Int64 = 0
    private let started = ContinuousClock.now

    init(items: Int, kept: Int) {
        self.items = items
        toAsk = items - kept
    }

    /// `12 of 64`.
    var doneText: String { "\(done) of \(items)" }

    mutating func record(_ answer: ProbeAnswer, _ mark: Double, isNew: Bool) {
        done += 1
        right += mark
        cost += answer.costNanoUSD
        if isNew { asked += 1 }
        bar.show(Double(done) / Double(max(items, 1)), line)
    }

    private var line: String {
        var left = ""
        if asked > 0, asked < toAsk {
            let seconds = started.duration(to: .now) / .seconds(1) / Double(asked) * Double(toAsk - asked)
            left =
                seconds < 90
                ? ", \(Int(seconds.rounded(.up))) s left" : ", \(Int((seconds / 60).rounded(.up))) min left"
        }
        return "\(doneText) asked, \(Int(right)) right, $\(Money(nanoUSD: cost))\(left)"
    }
}
