import Domain
package import Estimation
import JSON

/// A stored answer of a live model to one probe, so that no probe is paid twice.
package struct ProbeAnswer: Sendable {
    package var probe: String
    /// `ProbeItem.fingerprint` of the question at the time of the call.
    package var question: String
    package var model: String
    /// The model name in the server's response.
    package var servedModel: String?
    package var output: String
    /// Structured tool calls.
    package var calls: [Call] = []
    /// OpenAI's `finish_reason`.
    package var finish: String?
    package var inputTokens: Int
    package var outputTokens: Int
    package var costNanoUSD: Int64
    package var seconds: Double
    package var firstTokenSeconds: Double?
    package var timing: Timing?

    /// A tool call: the arguments are JSON text as the model wrote it.
    package struct Call: Hashable, Sendable {
        package var name: String
        package var arguments: String

        package init(name: String, arguments: String) {
            self.name = name
            self.arguments = arguments
        }
    }

    /// Timings measured by the server.
    package struct Timing: Hashable, Sendable {
        package var prefillTokens: Int
        package var prefillSeconds: Double
        package var decodeTokens: Int
        package var decodeSeconds: Double

        package init(prefillTokens: Int, prefillSeconds: Double, decodeTokens: Int, decodeSeconds: Double) {
            self.prefillTokens = prefillTokens
            self.prefillSeconds = ProbeAnswer.rounded(prefillSeconds)
            self.decodeTokens = decodeTokens
            self.decodeSeconds = ProbeAnswer.rounded(decodeSeconds)
        }
    }

    package init(
        probe: String, question: String, model: String, servedModel: String?, output: String, calls: [Call] = [],
        finish: String?, inputTokens: Int, outputTokens: Int, costNanoUSD: Int64, seconds: Double,
        firstTokenSeconds: Double?, timing: Timing?
    ) {
        self.probe = probe
        self.question = question
        self.model = model
        self.servedModel = servedModel
        self.output = output
        self.calls = calls
        self.finish = finish
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.costNanoUSD = costNanoUSD
        self.seconds = Self.rounded(seconds)
        self.firstTokenSeconds = firstTokenSeconds.map(Self.rounded)
        self.timing = timing
    }
}

extension ProbeAnswer {
    /// The answer as one line of JSON.
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.object { line in
            line.member("probe", probe)
            line.member("question", question)
            line.member("model", model)
            line.member("served_model", servedModel)
            line.member("output", output)
            if !calls.isEmpty {
                line.member(
                    "calls",
                    array: { list in
                        for call in calls {
                            list.object {
                                $0.member("name", call.name)
                                $0.member("arguments", call.arguments)
                            }
                        }
                    })
            }
            line.member("finish", finish)
            line.member("input_tokens", inputTokens)
            line.member("output_tokens", outputTokens)
            line.member("cost_nano_usd", costNanoUSD)
            line.member("seconds", seconds)
            line.member("first_token_s", firstTokenSeconds)
            if let timing {
                line.member("prefill_tokens", timing.prefillTokens)
                line.member("prefill_s", timing.prefillSeconds)
                line.member("decode_tokens", timing.decodeTokens)
                line.member("decode_s", timing.decodeSeconds)
            }
        }
        return writer.bytes
    }

    /// Rounded to a tenth of a millisecond at creation, so that a stored answer equals the original.
    fileprivate static func rounded(_ seconds: Double) -> Double { (seconds * 1e4).rounded() / 1e4 }

    /// Parses a line; nil for an invalid one, such as a partial line after a kill.
    init?(line: ArraySlice<UInt8>) {
        guard let root = try? JSONDocument(Array(line)).root, let probe = root["probe"]?.string,
            let question = root["question"]?.string, let model = root["model"]?.string,
            let output = root["output"]?.string
        else { return nil }
        func integer(_ name: String) -> Int { Int(root[name]?.integer ?? 0) }
        var timing: Timing?
        if let prefill = root["prefill_s"]?.double, let decode = root["decode_s"]?.double {
            timing = Timing(
                prefillTokens: integer("prefill_tokens"), prefillSeconds: prefill,
                decodeTokens: integer("decode_tokens"), decodeSeconds: decode)
        }
        var calls: [Call] = []
        if let list = root["calls"] {
            for call in list.elements {
                calls.append(Call(name: call["name"]?.string ?? "", arguments: call["arguments"]?.string ?? ""))
            }
        }
        self.init(
            probe: probe, question: question, model: model, servedModel: root["served_model"]?.string, output: output,
            calls: calls, finish: root["finish"]?.string, inputTokens: integer("input_tokens"),
            outputTokens: integer("output_tokens"), costNanoUSD: root["cost_nano_usd"]?.integer ?? 0,
            seconds: root["seconds"]?.double ?? 0, firstTokenSeconds: root["first_token_s"]?.double, timing: timing)
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An append-only file with the answers of one model to probes, one per line.
package struct ProbeAnswerFile: Sendable {
    package let path: String

    /// - Parameter directory: the folder of the model's profile.
    package init(of profile: String, in directory: String) {
        path = "\(directory)/model-\(LiveProfile.fileName(of: profile)).answers.jsonl"
    }

    /// The answers of a model by probe; the last one per probe counts. Invalid lines are skipped.
    /// - Throws: `EstimationError.unreadable`.
    package func answers(of model: String) throws(EstimationError) -> [String: ProbeAnswer] {
        guard access(path, F_OK) == 0 else { return [:] }
        var found: [String: ProbeAnswer] = [:]
        for line in DataFile.lines(try DataFile.read(path)) {
            guard let answer = ProbeAnswer(line: line.bytes), answer.model == model else { continue }
            found[answer.probe] = answer
        }
        return found
    }

    /// Appends an answer and syncs the file.
    /// - Throws: `EstimationError.unwritable`.
    package func append(_ answer: ProbeAnswer) throws(EstimationError) {
        // Terminate a line that a kill truncated, so that it does not merge with this one.
        errno = 0
        guard let file = fopen(path, "ab+") else {
            throw .unwritable(path: path, reason: String(cString: strerror(errno)))
        }
        var bytes = answer.json + [0x0a]
        if fseek(file, -1, SEEK_END) == 0, fgetc(file) != 0x0a { bytes.insert(0x0a, at: 0) }
        let written = fwrite(bytes, 1, bytes.count, file)
        let isFlushed = fflush(file) == 0 && fsync(fileno(file)) == 0
        guard fclose(file) == 0, isFlushed, written == bytes.count else {
            throw .unwritable(path: path, reason: String(cString: strerror(errno)))
        }
    }
}
