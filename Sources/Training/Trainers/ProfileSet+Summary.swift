import Estimation

extension ProfileSet {
    /// What was trained, as a table for people.
    package var summary: String {
        var rows = [["panel", "model", "rows", "base rate %", "kB of panel"]]
        for panel in panels {
            for (index, model) in panel.models.enumerated() {
                rows.append([
                    index == 0 ? panel.name : "", model, "\(panel.counts[index])",
                    TextTable.fixed(Double(panel.baseRates[index]) * 100, 1),
                    index == 0 ? "\(panel.encoded().count / 1000)" : "",
                ])
            }
        }
        return TextTable(rows).text
    }
}
