package conference_test

import (
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
)

func evaluationPassed(id string, fen int64) *expertreviewv1.EvaluationPassed {
	return &expertreviewv1.EvaluationPassed{ProjectId: id, Round: 1, ReviewedFen: fen}
}

func expertsPassed(id string, fen int64) *expertreviewv1.ExpertReviewPassed {
	return &expertreviewv1.ExpertReviewPassed{ProjectId: id, Round: 1, ReviewedFen: fen}
}

func submitted(id string) *declarationv1.ProjectSubmitted {
	return &declarationv1.ProjectSubmitted{
		Project: brief(id),
		DecisionJson: `{"findings":[
			{"code":"own_website","severity":"error","strength":"in_principle","basis":["YP23-M-24"],"message":"原则上不得新建","message_en":"in principle none"},
			{"code":"own_machine_room","severity":"error","strength":"must","basis":["YP23-M-17"],"message":"不得","message_en":"none"}]}`,
	}
}

func supplemented(id string) *declarationv1.ProjectSupplemented {
	return &declarationv1.ProjectSupplemented{ProjectId: id, Statement: "补充论证", Project: brief(id)}
}

func changeRequested(id, change string, fen int64) *declarationv1.ChangeRequested {
	return &declarationv1.ChangeRequested{ProjectId: id, ChangeId: change, Description: "增加接口", AmountFen: fen, Reason: "需求变化"}
}
