/// What a local server's name of a model says: family, size and quantisation.
///
/// Reads names as Ollama (`llama3.2:3b`), llama.cpp (`qwen3-8b-q4_k_m.gguf`), vLLM and LM Studio
/// (`Qwen/Qwen2.5-7B-Instruct-AWQ`) list them.
package struct LocalModelName: Hashable, Sendable {
    /// In billions; nil where the name does not tell it.
    package let parameters: Double?
    /// Parameters that one token uses, in billions; fewer than all in a mixture of experts.
    package let activeParameters: Double?
    /// As written, in capitals: `Q4_K_M`; nil where the name does not tell it.
    package let quantization: String?
    /// In lower case, without its generation: `llama`, `qwen`.
    package let family: String
    /// 3.2 of `llama3.2`; nil where the name does not tell it.
    package let generation: Double?
    /// Whether it computes embeddings and writes no text.
    package let isEmbedding: Bool

    package init(_ name: String) {
        let lower = name.lowercased()
        var base = lower.split(separator: "/").last ?? ""
        if base.hasSuffix(".gguf") { base = base.dropLast(5) }
        let words = base.split { !($0.isLetter || $0.isNumber || $0 == ".") }.map(String.init)
        let sizes = words.compactMap(ParameterCount.init)
        let size = sizes.first { $0.isBillions } ?? sizes.first
        let active = words.lazy.compactMap { $0.first == "a" ? ParameterCount(String($0.dropFirst())) : nil }.first
        parameters = size?.total
        activeParameters = size.map { min(active?.total ?? $0.active, $0.total) }
        quantization = Self.quantization(of: base)
        let own = words.drop { Self.makers.contains($0) }
        family = String((own.first ?? "").prefix { $0.isLetter })
        let digits = (own.first ?? "").drop { $0.isLetter }
        let next = own.dropFirst().first ?? ""
        generation = Double(digits) ?? (digits.isEmpty ? Double(next) : nil)
        isEmbedding = Self.embeddingWords.contains { lower.contains($0) }
    }

    /// Words before the family.
    private static let makers: Set<String> = ["meta", "google", "microsoft", "mistralai", "nvidia", "ibm"]
    private static let embeddingWords = ["embed", "bge", "nomic", "minilm", "gte-", "e5-"]

    /// The quantisation in a name, the longest spelling of the table first.
    private static func quantization(of name: Substring) -> String? {
        let words = name.split { !($0.isLetter || $0.isNumber) }
        for (place, word) in words.enumerated() where QuantizationBits.of(String(word)) != nil {
            let rest = words[(place + 1)...].prefix { $0.count == 1 || ["xs", "xxs", "nl"].contains($0) }
            return ([word] + rest.prefix(2)).joined(separator: "_").uppercased()
        }
        return nil
    }
}

/// A number of parameters as names write it: `3b`, `0.5b`, `135m`, `8x7b`, `e4b`.
struct ParameterCount: Hashable, Sendable {
    /// In billions.
    let total: Double
    /// Parameters that one token uses, in billions.
    let active: Double
    let isBillions: Bool

    /// Nil for any other word, and beyond what models have: 1 million to 3,000 billion.
    init?(_ word: String) {
        var word = Substring(word.lowercased())
        guard let unit = word.popLast(), unit == "b" || unit == "m" else { return nil }
        if word.first == "e" { word = word.dropFirst() }
        let parts = word.split(separator: "x", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let each = Self.number(parts[parts.count - 1]) else { return nil }
        isBillions = unit == "b"
        let size = isBillions ? each : each / 1000
        if parts.count == 2 {
            // Mixtral 8x7B has 46.7 billion in all, and 12.9 of them for one token.
            guard let experts = Self.number(parts[0]), (2...512).contains(experts) else { return nil }
            total = 0.83 * experts * size
            active = min(1.84 * size, total)
        } else {
            (total, active) = (size, size)
        }
        guard (0.001...3000).contains(total) else { return nil }
    }

    /// `3.2B` and the like, as Ollama tells it; `8030000000` as llama.cpp does.
    init?(billions: Double) {
        guard billions.isFinite, (0.001...3000).contains(billions) else { return nil }
        (total, active, isBillions) = (billions, billions, true)
    }

    private static func number(_ text: Substring) -> Double? {
        guard !text.isEmpty, text.count <= 6, text.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }) else {
            return nil
        }
        return Double(text)
    }
}

/// Bits a parameter takes in a file, by the first word of the quantisation.
enum QuantizationBits {
    /// Q4_K_M: Qwen2.5-7B has 7.62 billion parameters in 4.68 GB.
    static let standard = 4.9

    private static let table: [String: Double] = [
        "iq1": 1.9, "iq2": 2.6, "iq3": 3.5, "iq4": 4.5, "q2": 3.2, "q3": 3.9, "q4": 4.9, "q5": 5.7, "q6": 6.6,
        "q8": 8.5, "int4": 4.5, "4bit": 4.5, "awq": 4.5, "gptq": 4.5, "mxfp4": 4.3, "nvfp4": 4.5, "w4a16": 4.5,
        "6bit": 6.5, "int8": 8.5, "8bit": 8.5, "fp8": 8, "w8a8": 8, "f16": 16, "fp16": 16, "bf16": 16, "f32": 32,
        "fp32": 32,
    ]

    /// Nil for a word that names no quantisation.
    static func of(_ word: String) -> Double? {
        table[word.lowercased().split { $0 == "_" || $0 == "-" }.first.map(String.init) ?? ""]
    }
}
