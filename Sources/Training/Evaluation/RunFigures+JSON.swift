import Domain
package import JSON

extension RunFigures {
    /// Writes the figures as an object of the evaluation contract.
    package func write(to json: inout JSONWriter) {
        json.object {
            $0.member("suite", suite)
            $0.member("tasks", tasks)
            $0.member("models", models.count)
            $0.member("success_auc", object: writeSuccess)
            $0.member(
                "urc",
                object: { json in
                    json.member("auc", similarityAUC)
                    json.member("accuracy", similarityAccuracy)
                })
            $0.member(
                "distance",
                object: { json in
                    json.member("accuracy", outputs.distanceAccuracy)
                    json.member("mae", outputs.distanceError)
                    json.member("blind_accuracy", outputs.blindDistanceAccuracy)
                    json.member("majority", outputs.distanceMajority)
                })
            $0.member(
                "similarity",
                object: { json in
                    json.member("auc", outputs.similarityAUC)
                    json.member("accuracy", outputs.similarityAccuracy)
                    json.member("above_kappa", outputs.shareAboveKappa)
                    json.member("similar_above_kappa", outputs.similarAboveKappa)
                })
            $0.member("policy", object: policy.writeMembers)
        }
    }

    private func writeSuccess(_ json: inout JSONWriter) {
        for (taken, auc) in successAUC.enumerated() {
            json.member(taken == 0 ? "start" : "after_\(taken)", auc.mean)
        }
        json.member(
            "per_model",
            object: { json in
                for (model, name) in models.enumerated() {
                    json.member(
                        name,
                        object: { json in
                            for (taken, auc) in successAUC.enumerated() {
                                json.member(taken == 0 ? "start" : "after_\(taken)", auc.perModel[model])
                            }
                        })
                }
            })
    }
}
