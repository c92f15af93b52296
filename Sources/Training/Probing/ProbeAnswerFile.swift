package import Estimation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The answers of one model to probes, one a line, in a file that only grows: what is in it was paid for.
package struct ProbeAnswerFile: Sendable {
    package let path: String

    /// - Parameter directory: where the model's profile goes.
    package init(of profile: String, in directory: String) {
        path = "\(directory)/model-\(LiveProfile.fileName(of: profile)).answers.jsonl"
    }

    /// The answers of a model so far, by probe; the last one counts. Lines that are none are passed over.
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

    /// Adds an answer; when this returns, it is on disk.
    /// - Throws: `EstimationError.unwritable`.
    package func append(_ answer: ProbeAnswer) throws(EstimationError) {
        // A line that a kill has cut short gets its end first, so that it does not swallow this one.
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
