import Domain
import Estimation
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// The input file of a batch and its two output files.
struct BatchFiles: Sendable {
    let input: String
    /// `-` for standard output.
    let out: String
    /// Nil where errors go to standard error.
    let errors: String?

    init(input: String, out: String, errors: String?) {
        self.input = input
        self.out = out
        let stem = out.hasSuffix(".jsonl") ? String(out.dropLast(6)) : out
        self.errors = errors ?? (out == "-" ? nil : stem + ".errors.jsonl")
    }

    /// Checks that the results can be written, before anything is spent. Throws exit code 74.
    func check() throws(Exit) {
        for path in [out, errors ?? "-"] where path != "-" {
            let file = try AtomicFile(path)
            file.discard()
        }
    }

    func read(atMost limit: Int) throws(Exit) -> [UInt8] {
        let bytes: [UInt8]
        do throws(EstimationError) {
            bytes = try DataFile.read(input)
        } catch {
            throw Exit(66, error.description)
        }
        guard bytes.count <= limit else {
            throw Exit(
                65,
                "\(input) has \(bytes.count) bytes, the limit is \(limit): split it, or raise limits.file_bytes (--config)"
            )
        }
        return bytes
    }
}

/// A file written atomically: to a temporary file in its folder, which replaces it at the end.
struct AtomicFile {
    private let path: String
    private let temporary: String
    private let handle: FileHandle

    /// Throws exit code 74 where the file cannot be created.
    init(_ path: String) throws(Exit) {
        self.path = path
        temporary = "\(path).\(getpid()).part"
        guard FileManager.default.createFile(atPath: temporary, contents: nil),
            let handle = FileHandle(forWritingAtPath: temporary)
        else { throw Exit(74, "cannot write \(path): \(String(cString: strerror(errno)))") }
        self.handle = handle
    }

    func write(_ bytes: [UInt8]) throws(Exit) {
        do {
            try handle.write(contentsOf: Data(bytes))
        } catch {
            discard()
            throw Exit(74, "cannot write \(path): \(error.localizedDescription)")
        }
    }

    /// Syncs the temporary file and moves it to the final path.
    func finish() throws(Exit) {
        do {
            try handle.synchronize()
            try handle.close()
        } catch {
            discard()
            throw Exit(74, "cannot write \(path): \(error.localizedDescription)")
        }
        guard rename(temporary, path) == 0 else {
            let reason = String(cString: strerror(errno))
            discard()
            throw Exit(74, "cannot write \(path): \(reason)")
        }
    }

    func discard() {
        try? handle.close()
        unlink(temporary)
    }
}
