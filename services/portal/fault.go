package portal

import "egov/libs/fault"

// The portal's own refusals; all others are the services'.
var (
	errOrigin    = fault.New(fault.Forbidden, "cross_origin", "请求不是来自本平台页面", "the request does not come from a page of this portal")
	errCSRF      = fault.New(fault.Forbidden, "bad_csrf_token", "页面已过期，请刷新后重试", "the page is out of date, reload it and try again")
	errTLS       = fault.New(fault.Forbidden, "https_required", "请通过HTTPS访问后登录", "sign in over HTTPS")
	errService   = fault.New(fault.NotFound, "unknown_service", "没有这个服务", "there is no such service")
	errPath      = fault.New(fault.NotFound, "unknown_path", "没有这个接口", "there is no such operation")
	errFile      = fault.New(fault.NotFound, "unknown_file", "没有这个文件", "there is no such file")
	errDown      = fault.New(fault.Unavailable, "service_unavailable", "服务暂时不可用，请稍后重试", "the service is not available, try again later")
	errTooLarge  = fault.New(fault.Invalid, "body_too_large", "请求体超过允许的大小", "the body is larger than allowed")
	errBadAnswer = fault.New(fault.Unavailable, "bad_answer", "服务返回了无法识别的内容，请稍后重试", "the service gave an answer that makes no sense, try again later")
)

// down names the service that cannot be reached.
func down(service string, cause error) error {
	return errDown.WithMsg("“"+service+"”服务暂时不可用，请稍后重试", "the "+service+" service is not available, try again later").With(cause)
}
