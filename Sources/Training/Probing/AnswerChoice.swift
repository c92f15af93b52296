import Estimation

/// Finds the choice that an answer names.
package struct AnswerChoice: Sendable {
    let choices: [String]
    /// The texts of lettered choices; empty where the choices are words.
    let texts: [String]

    package init(choices: [String], texts: [String] = []) {
        self.choices = choices
        self.texts = texts
    }

    /// The index of the choice. Nil without one, and with several where none is first or marked as the result.
    package func find(in answer: String) -> Int? {
        let (part, isMarked) = FinalAnswer.markedPart(of: answer)
        if isMarked, let found = only(in: part) ?? first(in: part) { return found }
        return first(in: answer) ?? only(in: answer) ?? onlyText(in: answer)
    }

    private var areLetters: Bool { choices.allSatisfy { $0.count == 1 } }

    /// The choice at the start of the answer.
    private func first(in answer: String) -> Int? {
        let words = Self.words(of: answer, keepsCase: areLetters)
        guard let start = words.first else { return nil }
        for (place, choice) in choices.enumerated() {
            let wanted = Self.words(of: choice, keepsCase: areLetters).map(\.text)
            guard words.prefix(wanted.count).map(\.text) == wanted else { continue }
            // "A dog barks" begins with an article.
            if areLetters, words.count > 1, !start.endsSharply { continue }
            return place
        }
        return nil
    }

    /// The only choice in the answer. A letter counts only before a punctuation mark or the end of the text.
    private func only(in answer: String) -> Int? {
        let words = Self.words(of: answer, keepsCase: areLetters)
        // "A or B" names both.
        func isListed(_ start: Int) -> Bool {
            start + 1 < words.count && ["or", "and"].contains(words[start + 1].text)
        }
        var found: Set<Int> = []
        for (place, choice) in choices.enumerated() {
            let wanted = Self.words(of: choice, keepsCase: areLetters).map(\.text)
            for start in words.indices where words[start...].prefix(wanted.count).map(\.text) == wanted {
                if areLetters, !words[start].endsSharply, !isListed(start) { continue }
                found.insert(place)
            }
        }
        return found.count == 1 ? found.first : nil
    }

    private func onlyText(in answer: String) -> Int? {
        let answer = " " + Self.words(of: answer, keepsCase: false).map(\.text).joined(separator: " ") + " "
        let found = texts.indices.filter { place in
            let text = Self.words(of: texts[place], keepsCase: false).map(\.text).joined(separator: " ")
            return !text.isEmpty && answer.contains(" " + text + " ")
        }
        return found.count == 1 ? found[0] : nil
    }

    /// Runs of letters and digits, and whether a character other than a blank follows each.
    private static func words(of text: String, keepsCase: Bool) -> [(text: String, endsSharply: Bool)] {
        var words: [(text: String, endsSharply: Bool)] = []
        var word = ""
        func isWordCharacter(_ character: Character) -> Bool { character.isLetter || character.isNumber }
        for character in text {
            if isWordCharacter(character) {
                word.append(character)
            } else if !word.isEmpty {
                words.append((keepsCase ? word : word.lowercased(), character != " " && character != "'"))
                word = ""
            }
        }
        if !word.isEmpty { words.append((keepsCase ? word : word.lowercased(), true)) }
        return words
    }
}
