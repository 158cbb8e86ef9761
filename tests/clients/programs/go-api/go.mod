module openvod/clients/api

go 1.19

require github.com/tencentcloud/tencentcloud-sdk-go v1.0.162
