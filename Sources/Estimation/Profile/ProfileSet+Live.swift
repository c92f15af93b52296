import Domain

extension ProfileSet {
    /// The set with a model known from probes; whatever was derived of that name before is replaced.
    package func adding(_ profile: LiveProfile) -> ProfileSet {
        var panels = panels
        let name = ModelName.canonical(profile.name)
        for panel in panels.indices {
            panels[panel].derived.removeAll { ModelName.canonical($0.name) == name }
            let blend = profile.blends.first { $0.model.panel == panels[panel].name }
            if let blend, blend.panelModels == panels[panel].models { panels[panel].derived.append(blend.model) }
        }
        var set = rebuilt(with: panels)
        set.live = live.filter { ModelName.canonical($0.name) != name } + [profile]
        return set
    }

    /// The models that are known from probes, in the order of their names.
    package var liveProfiles: [LiveProfile] { live.sorted { $0.name < $1.name } }

    /// Writes the file of one model known from probes, and no other.
    /// - Returns: the file's path.
    /// - Throws: `EstimationError.unwritable`.
    package static func write(_ profile: LiveProfile, to directory: String) throws(EstimationError) -> String {
        let path = "\(directory)/model-\(LiveProfile.fileName(of: profile.name)).profile"
        try ProfileFile.write(ProfileFile.encode(.live, profile.encoded()), to: path)
        return path
    }
}

extension LiveProfile {
    /// A model's name as part of a file's name.
    package static func fileName(of model: String) -> String {
        String(model.map { $0.isLetter || $0.isNumber || $0 == "." ? $0 : "-" })
    }
}
