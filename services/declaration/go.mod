module egov/services/declaration

go 1.26.0

require (
	egov/libs v0.0.0
	egov/proto v0.0.0
)

replace (
	egov/libs => ../../libs
	egov/proto => ../../proto
	google.golang.org/genproto => google.golang.org/genproto v0.0.0-20261019180522-ce908d29299b
)
