module egov/tools

go 1.26.0

replace egov/libs => ../libs

replace egov/proto => ../proto

replace google.golang.org/genproto => google.golang.org/genproto v0.0.0-20261019180522-ce908d29299b
