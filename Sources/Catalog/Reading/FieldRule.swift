/// A field that a block of a catalog file may have.
struct FieldRule {
    let name: String
    /// What to write, with its unit, for the person who left it out.
    let example: String

    init(_ name: String, _ example: String) {
        self.name = name
        self.example = example
    }
}
