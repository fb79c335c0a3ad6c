// Package s3 lets blob.Open take the URLs of S3-compatible services. A program
// imports it for that effect alone; it is apart from blob so that programs
// without attachments do not carry the S3 client.
//
// A URL names the bucket and the way to it, for example
//
//	s3://attachments?region=cn-east-1&endpoint=https://oss.example.gov.cn&use_path_style=true
//
// Credentials come from the environment (AWS_ACCESS_KEY_ID,
// AWS_SECRET_ACCESS_KEY), a shared file or the host's role, never from the URL.
package s3

import _ "gocloud.dev/blob/s3blob" // registers s3://
