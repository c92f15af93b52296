import Domain

/// Rewordings of a prompt that leave its difficulty as it is: courtesy, casual spelling.
///
/// Polite words stand in easy prompts more often than in hard ones. Without these variants a model of difficulty would
/// take "please" for a sign of an easy request.
enum Rewording {
    private static let openings = [
        "", "Hi! ", "Hello, ", "Hey, ", "Please ", "Could you please help me with this? ", "Can you do this for me: ",
        "I need some help. ", "Good morning! I have a question. ", "Would you mind helping me? ", "Quick question: ",
        "I'd appreciate your help with the following.\n\n",
    ]
    private static let endings = [
        "", " Thanks!", " Thank you very much in advance.", " Thanks a lot!", "\n\nPlease.", " Much appreciated.",
        "\n\nThank you for your time.", " Cheers", " thx", " Please take your time.",
    ]

    /// Three rewordings: two with courtesy, one in casual spelling.
    static func variants(of prompt: String, using random: inout SeededGenerator) -> [String] {
        func pick(_ list: [String]) -> String { list[Int(random.next() % UInt64(list.count))] }
        let polite = (0..<2).map { _ in pick(openings) + prompt + pick(endings) }
        let casual = (pick(openings) + prompt).lowercased().trimmed(of: ".?!") + pick(endings)
        return polite + [casual]
    }
}

extension String {
    /// The text without any of these characters at its end.
    fileprivate func trimmed(of characters: String) -> String {
        var text = self[...]
        while let last = text.last, characters.contains(last) { text.removeLast() }
        return String(text)
    }
}
