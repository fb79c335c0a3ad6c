package pgstore

import (
	"egov/libs/store"
	"egov/services/declaration/planning"
)

// Plans is the repository of plans.
func Plans(s *store.Store) *store.Collection[planning.Plan, *planning.Plan] {
	return store.NewCollection[planning.Plan, *planning.Plan](s, "plan", "kind", "state", "from_year")
}

// WorkTasks is the repository of the year's key work.
func WorkTasks(s *store.Store) *store.Collection[planning.Task, *planning.Task] {
	return store.NewCollection[planning.Task, *planning.Task](s, "work_task", "plan_id", "year", "state", "overdue")
}

// Returns is the repository of what units report from time to time.
func Returns(s *store.Store) *store.Collection[planning.Return, *planning.Return] {
	return store.NewCollection[planning.Return, *planning.Return](s, "unit_return", "kind")
}
